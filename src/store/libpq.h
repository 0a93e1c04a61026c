/* The part of libpq that the driver uses, loaded when a PostgreSQL store is opened. */
#ifndef HF_STORE_LIBPQ_H
#define HF_STORE_LIBPQ_H

#include "base/error.h"

#include <postgresql/libpq-fe.h>

/* clang-format off */
#define HF_LIBPQ(X) \
    X(PGconn *,             PQconnectdbParams, (const char *const *, const char *const *, int)) \
    X(ConnStatusType,       PQstatus,          (const PGconn *)) \
    X(void,                 PQfinish,          (PGconn *)) \
    X(char *,               PQerrorMessage,    (const PGconn *)) \
    X(PQnoticeProcessor,    PQsetNoticeProcessor, (PGconn *, PQnoticeProcessor, void *)) \
    X(PGTransactionStatusType, PQtransactionStatus, (const PGconn *)) \
    X(PGresult *,           PQexec,            (PGconn *, const char *)) \
    X(PGresult *,           PQprepare,         (PGconn *, const char *, const char *, int, const Oid *)) \
    X(PGresult *,           PQexecPrepared,    (PGconn *, const char *, int, const char *const *, const int *, \
                                                const int *, int)) \
    X(int,                  PQsendQueryPrepared, (PGconn *, const char *, int, const char *const *, const int *, \
                                                  const int *, int)) \
    X(int,                  PQenterPipelineMode, (PGconn *)) \
    X(int,                  PQexitPipelineMode, (PGconn *)) \
    X(int,                  PQpipelineSync,    (PGconn *)) \
    X(PGresult *,           PQgetResult,       (PGconn *)) \
    X(ExecStatusType,       PQresultStatus,    (const PGresult *)) \
    X(char *,               PQresultErrorField, (const PGresult *, int)) \
    X(int,                  PQntuples,         (const PGresult *)) \
    X(int,                  PQnfields,         (const PGresult *)) \
    X(Oid,                  PQftype,           (const PGresult *, int)) \
    X(char *,               PQgetvalue,        (const PGresult *, int, int)) \
    X(int,                  PQgetlength,       (const PGresult *, int, int)) \
    X(int,                  PQgetisnull,       (const PGresult *, int, int)) \
    X(char *,               PQcmdStatus,       (PGresult *)) \
    X(char *,               PQcmdTuples,       (PGresult *)) \
    X(void,                 PQclear,           (PGresult *))
/* clang-format on */

struct hf_libpq {
#define HF_LIBPQ_MEMBER(type, name, args) type(*name) args;
    HF_LIBPQ(HF_LIBPQ_MEMBER)
#undef HF_LIBPQ_MEMBER
};

/* HF_E_UNSUPPORTED names the package. */
hf_err hf_libpq_load(struct hf_libpq *out);

#endif
