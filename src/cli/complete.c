/* Shell completion from the tables. */
#include "cli/cli.h"

/* A visitor of nouns: each group of commands' first words once, "" first. */
typedef void visit_noun(const char *noun, size_t n);

static void each_noun(visit_noun *visit)
{
    visit("", 0);
    for (size_t i = 0; hf_commands[i]; i++) {
        const char *words = hf_commands[i]->words;

        for (size_t n = 0; words[n]; n++) {
            bool seen = false;

            if (words[n] != ' ')
                continue;
            for (size_t k = 0; k < i && !seen; k++)
                seen = strncmp(hf_commands[k]->words, words, n + 1) == 0;
            if (!seen)
                visit(words, n);
        }
    }
}

/* The words that may follow a noun, each once. */
static void print_next(const char *noun, size_t n)
{
    size_t start = n ? n + 1 : 0;

    for (size_t i = 0; hf_commands[i]; i++) {
        const char *words = hf_commands[i]->words;
        size_t end;
        bool seen = false;

        if (strncmp(words, noun, n) != 0 || (n && words[n] != ' '))
            continue;
        end = start + strcspn(words + start, " ");
        for (size_t k = 0; k < i && !seen; k++)
            seen = strncmp(hf_commands[k]->words, words, end) == 0 &&
                   (hf_commands[k]->words[end] == 0 || hf_commands[k]->words[end] == ' ');
        if (!seen)
            (void)printf(" %.*s", (int)(end - start), words + start);
    }
}

static bool is_operand(const struct hf_opt *row)
{
    return row->kind == HF_OPT_WORD || row->kind == HF_OPT_WORDS;
}

static void print_option_names(const struct hf_opt *row)
{
    for (; row && row->kind != HF_OPT_END; row++) {
        if (!is_operand(row))
            (void)printf(" --%s", row->name);
    }
}

static void print_choices(const char *words)
{
    for (; *words; words++)
        (void)putchar(*words == '|' ? ' ' : *words);
}

/* ---- bash and zsh: the same `case` tables, other ways around them ---- */

static void case_noun(const char *noun, size_t n)
{
    (void)printf("    '%.*s') next='", (int)n, noun);
    print_next(noun, n);
    (void)printf("' ;;\n");
}

static void case_values(const struct hf_command *command, const struct hf_opt *row)
{
    for (; row && row->kind != HF_OPT_END; row++) {
        if (is_operand(row) || row->kind == HF_OPT_FLAG)
            continue;
        (void)printf("    '%s --%s') ", command ? command->words : "*", row->name);
        if (row->words) {
            (void)printf("values='");
            print_choices(row->words);
            (void)printf("' ;;\n");
        } else if (row->kind == HF_OPT_AUTH) {
            (void)printf("values='file: fd: env: -' ;;\n");
        } else {
            (void)printf("kind=%s ;;\n", row->kind == HF_OPT_FILE ? "file" : "text");
        }
    }
}

static void case_tables(void)
{
    (void)printf("  local next='' options='");
    print_option_names(hf_cli_globals);
    (void)printf("' values='' kind=''\n  case \"$at\" in\n");
    each_noun(case_noun);
    (void)printf("  esac\n  case \"$at\" in\n");
    for (size_t i = 0; hf_commands[i]; i++) {
        (void)printf("    '%s') options=\"$options", hf_commands[i]->words);
        print_option_names(hf_commands[i]->opts);
        (void)printf("\" ;;\n");
    }
    (void)printf("  esac\n  case \"$at $previous\" in\n");
    for (size_t i = 0; hf_commands[i]; i++)
        case_values(hf_commands[i], hf_commands[i]->opts);
    (void)printf("    *' --tpm') kind=text ;;\n    *' --state'|*' --tpm-state') kind=file ;;\n  esac\n");
}

static const char bash_start[] =
    "# bash completion of holdfast, written from its command table\n"
    "_holdfast() {\n"
    "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\" at='' i\n"
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    [[ ${COMP_WORDS[i]} == -* ]] && break\n"
    "    at=\"${at:+$at }${COMP_WORDS[i]}\"\n"
    "  done\n";

static const char bash_end[] =
    "  if [[ -n $values ]]; then COMPREPLY=($(compgen -W \"$values\" -- \"$current\"))\n"
    "  elif [[ $kind == file ]]; then COMPREPLY=($(compgen -f -- \"$current\"))\n"
    "  elif [[ $kind == text ]]; then COMPREPLY=()\n"
    "  elif [[ $current == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
    "  elif [[ -n $next ]]; then COMPREPLY=($(compgen -W \"$next\" -- \"$current\"))\n"
    "  else COMPREPLY=($(compgen -f -- \"$current\")); fi\n"
    "}\n"
    "complete -F _holdfast holdfast\n";

static const char zsh_start[] = "#compdef holdfast\n"
                                "# zsh completion of holdfast, written from its command table\n"
                                "_holdfast() {\n"
                                "  local current=\"${words[CURRENT]}\" previous=\"${words[CURRENT-1]}\" path_=''\n"
                                "  local -i i\n"
                                "  for ((i = 2; i < CURRENT; i++)); do\n"
                                "    [[ ${words[i]} == -* ]] && break\n"
                                "    path_=\"${path_:+$path_ }${words[i]}\"\n"
                                "  done\n"
                                "  _holdfast_tables \"$path_\" \"$previous\"\n"
                                "}\n"
                                "_holdfast_tables() {\n"
                                "  local at=\"$1\"\n"
                                "  local previous=\"$2\"\n";

static const char zsh_end[] = "  if [[ -n $values ]]; then compadd -- ${=values}\n"
                              "  elif [[ $kind == file ]]; then _files\n"
                              "  elif [[ $kind == text ]]; then return 0\n"
                              "  elif [[ ${words[CURRENT]} == -* ]]; then compadd -- ${=options}\n"
                              "  elif [[ -n $next ]]; then compadd -- ${=next}\n"
                              "  else _files; fi\n"
                              "}\n"
                              "_holdfast \"$@\"\n";

/* ---- fish ---- */

static void fish_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            (void)putchar('\\');
        (void)putchar(*text);
    }
}

static void fish_options(const struct hf_command *command, const struct hf_opt *row)
{
    for (; row && row->kind != HF_OPT_END; row++) {
        if (is_operand(row))
            continue;
        (void)printf("complete -c holdfast -l %s", row->name);
        if (row->letter)
            (void)printf(" -s %c", row->letter);
        if (command)
            (void)printf(" -n '__holdfast_at \"%s\"'", command->words);
        if (row->kind == HF_OPT_FILE)
            (void)printf(" -r -F");
        else if (row->kind != HF_OPT_FLAG)
            (void)printf(" -x");
        if (row->words) {
            (void)printf(" -a '");
            print_choices(row->words);
            (void)printf("'");
        }
        (void)printf(" -d '");
        fish_text(row->about);
        (void)printf("'\n");
    }
}

static void fish_noun(const char *noun, size_t n)
{
    (void)printf("complete -c holdfast -f -n '__holdfast_at \"%.*s\"' -a '", (int)n, noun);
    print_next(noun, n);
    (void)printf("'\n");
}

static void fish(void)
{
    (void)printf("# fish completion of holdfast, written from its command table\n"
                 "function __holdfast_at\n"
                 "  set -l path\n"
                 "  for word in (commandline -opc)[2..-1]\n"
                 "    string match -q -- '-*' $word; and break\n"
                 "    set path $path $word\n"
                 "  end\n"
                 "  test \"$path\" = \"$argv[1]\"\n"
                 "end\n");
    each_noun(fish_noun);
    fish_options(NULL, hf_cli_globals);
    for (size_t i = 0; hf_commands[i]; i++)
        fish_options(hf_commands[i], hf_commands[i]->opts);
}

hf_err hf_cli_completion(const char *shell)
{
    if (strcmp(shell, "fish") == 0) {
        fish();
        return HF_OK;
    }
    if (strcmp(shell, "bash") != 0 && strcmp(shell, "zsh") != 0)
        return hf_fail(HF_E_ARG, "\"%.40s\" is not bash, zsh or fish", shell);
    (void)fputs(shell[0] == 'b' ? bash_start : zsh_start, stdout);
    case_tables();
    (void)fputs(shell[0] == 'b' ? bash_end : zsh_end, stdout);
    return HF_OK;
}
