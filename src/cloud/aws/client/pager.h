/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_PAGER_H
#define I2KIT_CLOUD_AWS_CLIENT_PAGER_H

/*
 * A list that comes in pages, each but the last with the token that asks for the next one.
 *
 *	AUTO(aws_pager_clear) struct aws_pager pager = {.action = "DescribeImages", .most = 100};
 *	do {
 *		… ask, with pager.token where it is not NULL …
 *		if (!aws_pager_turn(&pager, xml_text(root, "nextToken"), err))
 *			return false;
 *	} while (pager.token != NULL);
 */

#include <stdbool.h>

#include "base/error.h"

struct aws_pager {
	const char *action;
	unsigned most;	/* pages; a service that goes on for ever must not hold us for ever */
	unsigned count; /* of those that came */
	char *token;	/* owned; of the next page. NULL: of the first, or there is none any more */
};

void aws_pager_clear(struct aws_pager *pager);

/* A page came. token_or_null: what it says of the next one; "" is none. False: it was one too many. */
MUST_CHECK bool aws_pager_turn(struct aws_pager *pager, const char *token_or_null,
			       struct error *err);

#endif
