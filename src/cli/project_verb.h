/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROJECT_VERB_H
#define I2KIT_CLI_PROJECT_VERB_H

/* What verbs that work on a running project begin with. */

#include "base/cleanup.h"
#include "base/loop.h"
#include "cli/verb.h"
#include "local/client/client.h"

struct project_verb {
	char *project;	       /* owned */
	struct loop *loop;     /* owned */
	struct client *client; /* owned */
};

/* must_act: a supervisor is needed, and started where there is none. */
MUST_CHECK bool project_verb_open(const struct invocation *invocation, bool must_act,
				  struct project_verb *ret, struct error *err);
/*
 * The same for verbs whose words are a folder of manifests, pods, or both: *ret_names is what they
 * mean as pods (cli/pod_words.h).
 */
MUST_CHECK bool project_verb_open_words(const struct invocation *invocation, bool must_act,
					struct project_verb *ret, struct string_list *ret_names,
					struct error *err);
/* Whether all of them are pods or instances, before any is touched. None: *names becomes all pods. */
MUST_CHECK bool project_verb_check(const struct project_verb *verb, struct string_list *names,
				   struct error *err);
/* One act of client.h after the other for each name; arg of the act is the name. */
typedef void project_verb_act_fn(struct client *client, client_done_fn *done, void *done_arg,
				 void *name);
MUST_CHECK bool project_verb_act_all(const struct project_verb *verb,
				     const struct string_list *names, project_verb_act_fn *act,
				     struct error *err);
/* The pods that have a VM which is not ending: a Job that is done, or a pod that was stopped, has none. */
MUST_CHECK bool project_verb_list_live(const struct project_verb *verb,
				       struct string_list *ret_names, struct error *err);
/* Until none of the pods has a VM; each ends within its grace period. Says on stderr how they go. */
MUST_CHECK bool project_verb_stopped_wait(const struct invocation *invocation,
					  const struct project_verb *verb,
					  const struct string_list *pods, struct error *err);
/* Until libvirt has all VMs of the pods and instances standing still, or going on. */
MUST_CHECK bool project_verb_pause_wait(const struct project_verb *verb,
					const struct string_list *names, bool is_paused,
					struct error *err);
/* For -o: the status that acts have led to. */
MUST_CHECK bool project_verb_report(const struct invocation *invocation,
				    const struct project_verb *verb, struct error *err);
/* Whether a supervisor answers, for verbs that only it can serve. */
MUST_CHECK bool project_verb_is_up(const struct project_verb *verb, struct error *err);
void project_verb_close(struct project_verb *verb);

/*
 * The instance that a word means: itself, or the first one of a pod. Borrowed from status; NULL
 * with ERROR_NOT_FOUND naming the nearest.
 */
const struct instance_status *project_verb_find(const struct project_status *status,
						const char *name, struct error *err);

#endif
