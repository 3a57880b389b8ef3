/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/image_user.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/string_list.h"

void image_user_clear(struct image_user *user)
{
	free(user->home);
	*user = (struct image_user){0};
}

static bool parse_id(const char *text, uint32_t *ret)
{
	uint64_t value = 0;
	if (!parse_u64(text, 0, UINT32_MAX - 1, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* The next line's fields; false at the end. Lines of fewer than `least` fields are passed over. */
static bool next_entry(const char **text, size_t least, struct string_list *ret)
{
	while (**text != '\0') {
		size_t size = strcspn(*text, "\n");
		AUTO_FREE char *line = xstrndup(*text, size);
		*text += size + ((*text)[size] == '\n');
		string_list_clear(ret);
		string_list_split(ret, line, ':');
		if (ret->count >= least && line[0] != '#')
			return true;
	}
	return false;
}

/* Finds by name, else by number; *name (owned) is the account's, or NULL. */
static bool find_account(const char *who, const char *passwd, struct image_user *ret, char **name)
{
	uint32_t wanted = 0;
	bool is_number = parse_id(who, &wanted);
	AUTO(string_list_clear) struct string_list fields = STRING_LIST_INIT;
	while (next_entry(&passwd, 4, &fields)) {
		uint32_t uid = 0;
		uint32_t gid = 0;
		if (!parse_id(fields.items[2], &uid) || !parse_id(fields.items[3], &gid))
			continue;
		if (strcmp(fields.items[0], who) != 0 && !(is_number && uid == wanted))
			continue;
		ret->uid = uid;
		ret->gid = gid;
		if (fields.count > 5 && fields.items[5][0] == '/')
			ret->home = xstrdup(fields.items[5]);
		*name = xstrdup(fields.items[0]);
		return true;
	}
	ret->uid = wanted;
	return is_number;
}

static bool find_group(const char *which, const char *group, uint32_t *ret)
{
	uint32_t number = 0;
	bool is_number = parse_id(which, &number);
	AUTO(string_list_clear) struct string_list fields = STRING_LIST_INIT;
	while (!is_number && next_entry(&group, 3, &fields)) {
		if (strcmp(fields.items[0], which) == 0 && parse_id(fields.items[2], ret))
			return true;
	}
	if (is_number)
		*ret = number;
	return is_number;
}

static void add_memberships(const char *name, const char *group, struct image_user *ret)
{
	AUTO(string_list_clear) struct string_list fields = STRING_LIST_INIT;
	while (ret->group_count < IMAGE_USER_MAX_GROUPS && next_entry(&group, 4, &fields)) {
		AUTO(string_list_clear) struct string_list members = STRING_LIST_INIT;
		string_list_split(&members, fields.items[3], ',');
		uint32_t gid = 0;
		if (string_list_has(&members, name) && parse_id(fields.items[2], &gid) &&
		    gid != ret->gid)
			ret->groups[ret->group_count++] = gid;
	}
}

bool image_user_find(const char *who, const char *group_or_null, const char *passwd,
		     const char *group, struct image_user *ret, struct error *err)
{
	AUTO(image_user_clear) struct image_user found = {0};
	size_t user_size = strcspn(who, ":");
	AUTO_FREE char *user = xstrndup(who, user_size);
	const char *own_group = who[user_size] == ':' ? who + user_size + 1 : NULL;
	const char *wanted_group = group_or_null != NULL ? group_or_null : own_group;
	AUTO_FREE char *name = NULL;
	if (!find_account(user[0] != '\0' ? user : "0", passwd, &found, &name))
		return error_set(err, ERROR_NOT_FOUND,
				 "user '%s' is not in the image's /etc/passwd", user);
	if (wanted_group != NULL && wanted_group[0] != '\0' &&
	    !find_group(wanted_group, group, &found.gid))
		return error_set(err, ERROR_NOT_FOUND,
				 "group '%s' is not in the image's /etc/group", wanted_group);
	if (name != NULL && own_group == NULL)
		add_memberships(name, group, &found);
	if (found.home == NULL)
		found.home = xstrdup("/");
	*ret = found;
	found = (struct image_user){0};
	return true;
}
