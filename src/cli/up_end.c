/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/up_end.h"

#include <string.h>

#include "local/client/verdict.h"

struct up_end_wish up_end_wish_read(const struct arguments *args)
{
	return (struct up_end_wish){
		.code_from = arguments_value(args, "exit-code-from"),
		.aborts_on_exit = arguments_flag(args, "abort-on-container-exit"),
		.aborts_on_failure = arguments_flag(args, "abort-on-container-failure")};
}

static bool has_ended(const struct instance_status *instance)
{
	return !instance->is_outdated &&
	       (instance->state == INSTANCE_SUCCEEDED || instance->state == INSTANCE_FAILED);
}

static int code_of(const struct instance_status *instance)
{
	return instance->state == INSTANCE_SUCCEEDED ? 0 : instance_exit_code(instance);
}

/* The first that counts for the wish; NULL: none does. */
static const struct instance_status *find_first(const struct up_end_wish *wish,
						const struct project_status *status)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		bool is_named =
			wish->code_from != NULL && strcmp(instance->pod, wish->code_from) == 0;
		bool has_failed = instance->state == INSTANCE_FAILED;
		if (has_ended(instance) &&
		    (is_named || wish->aborts_on_exit || (wish->aborts_on_failure && has_failed)))
			return instance;
	}
	return NULL;
}

/* Of the pod whose status is wanted, however it ended; of one that still runs: it was stopped. */
static int named_code(const struct up_end_wish *wish, const struct project_status *status,
		      const struct instance_status *first)
{
	for (size_t i = 0; wish->code_from != NULL && i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (strcmp(instance->pod, wish->code_from) == 0 && has_ended(instance))
			return code_of(instance);
	}
	return code_of(first);
}

static bool have_all_ended(const struct project_status *status, int *ret_code)
{
	bool is_any = false;

	*ret_code = 0;
	for (size_t i = 0; i < status->pod_count; i++) {
		unsigned ended = 0;
		for (size_t k = 0; k < status->instance_count; k++) {
			const struct instance_status *instance = &status->instances[k];
			if (strcmp(instance->pod, status->pods[i].name) != 0 ||
			    !has_ended(instance))
				continue;
			ended++;
			if (*ret_code == 0)
				*ret_code = code_of(instance);
		}
		if (ended < status->pods[i].desired)
			return false;
		is_any = is_any || ended > 0;
	}
	return is_any;
}

bool up_end_reached(const struct up_end_wish *wish, const struct project_status *status,
		    const char **ret_pod, int *ret_code)
{
	const struct instance_status *first = find_first(wish, status);

	*ret_pod = first != NULL ? first->pod : NULL;
	if (first != NULL) {
		*ret_code = named_code(wish, status, first);
		return true;
	}
	return status->is_supervised && have_all_ended(status, ret_code);
}
