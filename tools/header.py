"""The functions of a public header and the comments above them."""
import re

function = re.compile(r"^HF_API\b(.*?);", re.S | re.M)


class Function:
    def __init__(self, name, declaration, comment):
        self.name = name
        self.declaration = declaration
        self.comment = comment


def comment_before(text, at):
    """The comment that ends where a declaration begins: its text without the stars."""
    before = text[:at].rstrip(" \t")
    if not before.endswith("*/\n"):
        return ""
    start = before.rfind("/*")
    body = before[start + 2 : -3]
    return "\n".join(re.sub(r"^ ?\* ?", "", line).rstrip() for line in body.splitlines()).strip("\n ")


def functions(text):
    found = []
    for match in function.finditer(text):
        declaration = re.sub(r"\s+", " ", match.group(1)).strip()
        declaration = re.sub(r"^(HF_MUST_CHECK )", "", declaration)
        name = re.search(r"\b(hf_\w+)\s*\(", declaration).group(1)
        comment = comment_before(text, match.start())
        if not comment and found and not text[: match.start()].rstrip(" \t").endswith("\n\n"):
            comment = found[-1].comment  # a line beneath another: one comment for both
        found.append(Function(name, declaration, comment))
    return found
