/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_text.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* Names have lower-case letters, digits, - and . only, so X and Y cannot come from them. */
char *stack_logical_id(const char *name, const char *suffix)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	bool is_first = true;
	for (const char *c = name; *c != '\0'; c++) {
		if (*c == '-' || *c == '.') {
			strbuf_append_char(&out, *c == '-' ? 'X' : 'Y');
			is_first = true;
			continue;
		}
		strbuf_append_char(&out, is_first ? (char)toupper((unsigned char)*c) : *c);
		is_first = false;
	}
	strbuf_append(&out, suffix);
	return strbuf_take(&out);
}

char *stack_group_id(const char *pod)
{
	return stack_logical_id(pod, "Group");
}

void stack_quote(struct strbuf *buf, size_t from)
{
	for (size_t i = from; i < buf->size; i++)
		if (buf->data[i] == '\'')
			buf->data[i] = '"';
}

static void PRINTF_LIKE(3, 0)
	add_entry(struct strbuf *buf, const char *id, const char *fmt, va_list args)
{
	AUTO_FREE char *body = xvasprintf(fmt, args);
	size_t from = buf->size;
	strbuf_appendf(buf, "%s'%s':%s", from > 0 ? "," : "", id, body);
	stack_quote(buf, from);
}

void stack_add(struct stack_text *text, const char *id, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add_entry(&text->resources, id, fmt, args);
	va_end(args);
}

void stack_output(struct stack_text *text, const char *id, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add_entry(&text->outputs, id, fmt, args);
	va_end(args);
}

bool stack_check_plain(const char *what, const char *text, struct error *err)
{
	if (text == NULL)
		return true;
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~' || strchr("'\"\\", *c))
			return error_set(err, ERROR_INVALID,
					 "%s '%s' cannot stand in a CloudFormation template", what,
					 text);
	return true;
}

char *stack_subnets(const struct stack_text *text, bool is_public)
{
	const struct stack_target *target = text->target;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	const char *const *given = is_public ? target->public_subnets : NULL;
	if (given != NULL && given[0] != NULL) {
		for (size_t i = 0; given[i] != NULL; i++)
			strbuf_appendf(&out, "%s'%s'", i > 0 ? "," : "[", given[i]);
		strbuf_append_char(&out, ']');
		return strbuf_take(&out);
	}
	for (size_t i = 0; i < target->subnet_count; i++)
		strbuf_appendf(&out, "%s'%s'", i > 0 ? "," : "[", target->subnets[i].id);
	if (target->subnet_count == 0)
		strbuf_append(&out, "[{'Ref':'SubnetA'},{'Ref':'SubnetB'}");
	strbuf_append_char(&out, ']');
	return strbuf_take(&out);
}

char *stack_vpc(const struct stack_text *text)
{
	return text->target->vpc != NULL ? xasprintf("'%s'", text->target->vpc)
					 : xstrdup("{'Ref':'Vpc'}");
}
