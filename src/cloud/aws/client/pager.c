/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/pager.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void aws_pager_clear(struct aws_pager *pager)
{
	free(pager->token);
	pager->token = NULL;
}

bool aws_pager_turn(struct aws_pager *pager, const char *token_or_null, struct error *err)
{
	bool is_last = token_or_null == NULL || token_or_null[0] == '\0';
	char *next = is_last ? NULL : xstrdup(token_or_null);
	aws_pager_clear(pager);
	pager->token = next;
	pager->count++;
	return is_last || pager->count < pager->most ||
	       error_set(err, ERROR_INVALID, "%s does not come to an end", pager->action);
}
