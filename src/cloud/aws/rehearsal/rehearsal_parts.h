/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_REHEARSAL_REHEARSAL_PARTS_H
#define I2KIT_CLOUD_AWS_REHEARSAL_REHEARSAL_PARTS_H

/* What the parts of the rehearsal share. */

#include "cloud/aws/rehearsal/rehearsal_request.h"
#include "cloud/aws/stack/user_data.h"
#include "cloud/rehearsal.h"
#include "wire/name_record.h"

#define REHEARSAL_INSTANCE "i-0123456789abcdef0"
#define REHEARSAL_KEY_ID   "ASIAREHEARSAL0000000"
#define REHEARSAL_ZONE	   "ZREHEARSAL0000000000"
#define REHEARSAL_ADDRESS  "169.254.10.15"

struct cloud_rehearsal {
	struct cloud_rehearsal_facts facts;
	struct user_data data;		 /* puts: what SSM holds */
	char *document;			 /* owned; user data as the guest gets it */
	char *stack;			 /* owned */
	char *group;			 /* owned; the logical id that is to be signalled */
	char *log_group;		 /* owned */
	char *region;			 /* owned */
	char *metadata_token;		 /* owned; NULL until asked for */
	char *secret;			 /* owned; of the role's credentials */
	char *session_token;		 /* owned */
	struct string_list streams;	 /* of the log group, made so far */
	struct string_list names;	 /* that have to lead to the pod once it is ready */
	struct name_record_list records; /* of the zone */
	void (*log)(const char *stream, const char *text, void *arg);
	void *log_arg;
};

/* An answer before it is put into HTTP's words. */
struct rehearsal_answer {
	int status;
	const char *type;
	struct strbuf body;
};

/* Remembers what was refused, and says it to the guest in the service's format. */
void rehearsal_refuse(struct cloud_rehearsal *rehearsal, struct rehearsal_answer *answer,
		      const char *service, const char *code, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

/* Whether the request was signed by the role, for which service (owned). */
MUST_CHECK bool rehearsal_check_signature(const struct cloud_rehearsal *rehearsal,
					  const struct guest_call *request, char **ret_service,
					  struct error *err);
void rehearsal_call(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
		    const char *service, struct rehearsal_answer *answer);

#endif
