/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/stack_tags.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/utf8.h"

#define MAX_OWN	  40 /* EC2 takes 50 an instance, and ours are there too */
#define MAX_KEY	  128
#define MAX_VALUE 256

static void add(struct key_value **list, size_t *count, const char *key, const char *value)
{
	struct key_value *tag = ARRAY_APPEND(*list, *count);
	tag->key = xstrdup(key);
	tag->value = xstrdup(value);
}

/* Letters, digits, blanks and _ . : / = + - @; letters of any script. */
static bool is_allowed(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		unsigned char byte = (unsigned char)*c;
		if (byte < 0x80 && isalnum(byte) == 0 && strchr(" _.:/=+-@", byte) == NULL)
			return false;
	}
	return utf8_is_valid(text, strlen(text), NULL);
}

static bool refuse(const char *key, const char *why, struct error *err)
{
	error_set(err, ERROR_INVALID, "provider.tags: the tag '%.128s' %s", key, why);
	return error_hint(err, "letters, digits, blanks and _ . : / = + - @");
}

static bool check(const struct key_value *tag, struct error *err)
{
	if (strncasecmp(tag->key, "aws:", 4) == 0 || strncasecmp(tag->key, "i2kit:", 6) == 0)
		return refuse(tag->key, "begins with what others keep for themselves", err);
	if (tag->key[0] == '\0' || strlen(tag->key) > MAX_KEY)
		return refuse(tag->key, "has no key, or one of more than 128 characters", err);
	if (tag->value == NULL || strlen(tag->value) > MAX_VALUE)
		return refuse(tag->key, "has a value of more than 256 characters", err);
	if (!is_allowed(tag->key) || !is_allowed(tag->value))
		return refuse(tag->key, "has a character that AWS does not take", err);
	return true;
}

bool stack_tags_make(const struct cloud_scope *scope, const struct environment *environment,
		     struct key_value **ret, size_t *ret_count, struct error *err)
{
	if (environment->tag_count > MAX_OWN)
		return error_set(err, ERROR_INVALID,
				 "provider.tags: %zu tags; %d at most, for i2kit has its own",
				 environment->tag_count, MAX_OWN);
	for (size_t i = 0; i < environment->tag_count; i++)
		if (!check(&environment->tags[i], err))
			return false;
	add(ret, ret_count, "i2kit:project", scope->project);
	if (scope->environment != NULL)
		add(ret, ret_count, "i2kit:environment", scope->environment);
	for (size_t i = 0; i < environment->tag_count; i++)
		add(ret, ret_count, environment->tags[i].key, environment->tags[i].value);
	return true;
}
