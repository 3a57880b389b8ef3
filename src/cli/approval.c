/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/approval.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cli/trusted_target.h"
#include "release/release_approvals.h"

static bool refuse(const struct release_statement *found, bool is_found,
		   const struct string_list *people, uint32_t wanted, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf names = STRBUF_INIT;
	AUTO_FREE char *id = is_found ? release_approvals_id(found, err) : NULL;
	for (size_t i = 0; i < people->count; i++)
		strbuf_appendf(&names, "%s%s", i > 0 ? ", " : "", people->items[i]);
	if (!is_found) {
		error_set(err, ERROR_DENIED, "nobody has approved this release; %u must", wanted);
		return error_hint(err, "i2kit approve, then its file to the others: i2kit approve "
				       "RELEASE");
	}
	error_set(err, ERROR_DENIED,
		  "%zu of %u people who are trusted have approved this release%s%s", people->count,
		  wanted, people->count > 0 ? ": " : "", strbuf_text(&names));
	return error_hint(err, "i2kit approve %s, by others; their keys by i2kit key trust", id);
}

bool approval_check(const struct environment *environment, const struct promotion *promotion,
		    const char *name, uint32_t wanted, struct error *err)
{
	AUTO(release_statement_clear) struct release_statement own = {0};
	AUTO(release_statement_clear) struct release_statement found = {0};
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	AUTO(string_list_clear) struct string_list people = STRING_LIST_INIT;
	AUTO_FREE char *folder = trusted_target_path(environment, "releases");
	bool is_found = false;
	if (!promotion_statement(promotion, name, &own, err) ||
	    !trusted_target_people(environment, &trusted, err) ||
	    !release_approvals_match(folder, &own, &trusted, &found, &is_found, err))
		return false;
	if (is_found)
		release_approvals_people(&found, &trusted, &people);
	return people.count >= wanted || refuse(&found, is_found, &people, wanted, err);
}
