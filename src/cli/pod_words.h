/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_POD_WORDS_H
#define I2KIT_CLI_POD_WORDS_H

/*
 * What words of the command line mean as pods: POD, INSTANCE, either with /CONTAINER, and kubectl's
 * TYPE/NAME with its short names (po/web, deploy/web/nginx, sts/db-0); svc/api means the pods behind
 * the Service. A pod that is called like a type is meant itself.
 */

#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"
#include "local/plan/project_plan.h"

/*
 * Appends what one word means to *ret, at least one; whether there is such a pod is not looked at.
 * known: pods and instances. plan: of what is up, or NULL. ERROR_NOT_FOUND: a Service that is not
 * there, a type without pods.
 */
MUST_CHECK bool pod_word_resolve(const struct string_list *known, const struct project_plan *plan,
				 const char *word, struct string_list *ret, struct error *err);

/* All of them, with the plan of the project; a type that stands alone before a name is left out. */
MUST_CHECK bool pod_words_read(const char *project, const struct string_list *words,
			       struct string_list *ret, struct error *err);
/* The pods' own port where the word is a Service, as svc/web 8080:80 means it; else the same. */
uint16_t pod_word_port_of(const struct project_plan *plan, const char *word, uint16_t port);
uint16_t pod_word_port(const char *project, const char *word, uint16_t port);

/* One, owned; of a Service's pods the first. NULL on failure. */
MUST_CHECK char *pod_word_read(const char *project, const char *word, struct error *err);

#endif
