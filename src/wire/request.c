/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "wire/document.h"

#define MAX_SMALL_BYTES ((size_t)16 << 10)
#define MAX_ARGS	10000
#define MAX_GRACE_S	1000000
#define MAX_BOOT	64

/* A small document: NULL and *err when it is too large or no JSON object. */
static struct json_document *parse(const void *bytes, size_t size, size_t max, const char *what,
				   struct error *err)
{
	if (size <= max)
		return json_document_parse(bytes, size, what, 0, err);
	(void)error_set(err, ERROR_INVALID, "%s: %zu bytes", what, size);
	return NULL;
}

/* --- HELLO ---------------------------------------------------------------------------------- */

void hello_clear(struct hello *hello)
{
	free(hello->state);
	free(hello->boot);
	*hello = (struct hello){0};
}

char *hello_write(const struct hello *hello)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_number(&json, "version", hello->version);
	json_write_text(&json, "state", hello->state);
	json_write_text_if(&json, "boot", hello->boot);
	json_write_true_if(&json, "ping", hello->answers_pings);
	json_write_true_if(&json, "touch", hello->takes_touches);
	json_write_true_if(&json, "hold", hello->takes_holds);
	json_write_true_if(&json, "template", hello->takes_templates);
	json_close(&json);
	return strbuf_take(&out);
}

bool hello_read(const void *bytes, size_t size, struct hello *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = parse(bytes, size, MAX_SMALL_BYTES, "HELLO", err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view boot = json_view_get(root, "boot");
	const char *state = json_view_peek(json_view_get(root, "state"));
	const char *boot_id = json_view_peek(boot);
	int64_t version = json_view_number(json_view_require(root, "version"), 0, INT64_MAX, 0);
	bool answers_pings = json_view_bool(json_view_get(root, "ping"), false);
	bool takes_touches = json_view_bool(json_view_get(root, "touch"), false);
	bool takes_holds = json_view_bool(json_view_get(root, "hold"), false);
	bool takes_templates = json_view_bool(json_view_get(root, "template"), false);
	if (boot_id != NULL && strlen(boot_id) > MAX_BOOT)
		json_view_complain(boot, "is too long");
	if (!json_document_check(document, err))
		return false;
	*ret = (struct hello){.version = version,
			      .state = xstrdup(state != NULL ? state : ""),
			      .boot = xstrdup(boot_id != NULL ? boot_id : ""),
			      .answers_pings = answers_pings,
			      .takes_touches = takes_touches,
			      .takes_holds = takes_holds,
			      .takes_templates = takes_templates};
	return true;
}

char *template_answer_write(const char *refusal_or_null)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text_if(&json, "refused", refusal_or_null);
	json_close(&json);
	return strbuf_take(&out);
}

bool template_answer_read(const void *bytes, size_t size, char **ret_refusal, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = parse(bytes, size, MAX_SMALL_BYTES, "TEMPLATE", err);
	if (document == NULL)
		return false;
	AUTO_FREE char *refusal =
		json_view_text(json_view_get(json_document_root(document), "refused"));
	if (!json_document_check(document, err))
		return false;
	*ret_refusal = TAKE_PTR(refusal);
	return true;
}

/* --- EXEC_START and EXEC_EXIT --------------------------------------------------------------- */

void exec_start_clear(struct exec_start *start)
{
	free(start->container);
	string_list_clear(&start->argv);
	string_list_clear(&start->env);
	string_list_clear(&start->entrypoint);
	free(start->cwd);
	free(start->user);
	*start = (struct exec_start){0};
}

char *exec_start_write(const struct exec_start *start, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text_if(&json, "container", start->container);
	json_write_texts(&json, "argv", &start->argv);
	json_write_texts_if(&json, "env", &start->env);
	json_write_text_if(&json, "cwd", start->cwd);
	json_write_text_if(&json, "user", start->user);
	json_write_bool(&json, "tty", start->has_tty);
	json_write_bool(&json, "stdin", start->has_stdin);
	json_write_true_if(&json, "privileged", start->is_privileged);
	json_write_unsigned_if(&json, "rows", start->rows);
	json_write_unsigned_if(&json, "columns", start->columns);
	json_write_true_if(&json, "main", start->is_main);
	json_write_true_if(&json, "logged", start->is_logged);
	if (start->has_entrypoint)
		json_write_texts(&json, "entrypoint", &start->entrypoint);
	json_close(&json);
	if (!json.is_bad_text)
		return strbuf_take(&out);
	(void)error_set(err, ERROR_INVALID, "the command is not valid UTF-8");
	return NULL;
}

bool exec_start_read(const void *bytes, size_t size, struct exec_start *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(bytes, size, "EXEC_START", 0, err);
	if (document == NULL)
		return false;
	AUTO(exec_start_clear) struct exec_start start = {0};
	struct json_view root = json_document_root(document);
	start.container = json_view_text(json_view_get(root, "container"));
	json_view_texts(json_view_require(root, "argv"), MAX_ARGS, &start.argv);
	json_view_texts(json_view_get(root, "env"), MAX_ARGS, &start.env);
	start.cwd = json_view_text(json_view_get(root, "cwd"));
	start.user = json_view_text(json_view_get(root, "user"));
	start.has_tty = json_view_bool(json_view_get(root, "tty"), false);
	start.has_stdin = json_view_bool(json_view_get(root, "stdin"), false);
	start.is_privileged = json_view_bool(json_view_get(root, "privileged"), false);
	start.rows = (uint16_t)json_view_number(json_view_get(root, "rows"), 0, UINT16_MAX, 0);
	start.columns =
		(uint16_t)json_view_number(json_view_get(root, "columns"), 0, UINT16_MAX, 0);
	start.is_main = json_view_bool(json_view_get(root, "main"), false);
	start.is_logged = json_view_bool(json_view_get(root, "logged"), false);
	struct json_view entrypoint = json_view_get(root, "entrypoint");
	start.has_entrypoint = json_view_exists(entrypoint);
	json_view_texts(entrypoint, MAX_ARGS, &start.entrypoint);
	if (!json_document_check(document, err))
		return false;
	if (start.argv.count == 0 && !start.is_main)
		return error_set(err, ERROR_INVALID, "nothing to run is given");
	*ret = start;
	start = (struct exec_start){0};
	return true;
}

void exec_exit_clear(struct exec_exit *exit)
{
	free(exit->error);
	*exit = (struct exec_exit){0};
}

char *exec_exit_write(const struct exec_exit *exit)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	if (exit->has_code)
		json_write_number(&json, "code", exit->code);
	if (exit->signal > 0)
		json_write_number(&json, "signal", exit->signal);
	json_write_text_if(&json, "error", exit->error);
	json_close(&json);
	return strbuf_take(&out);
}

bool exec_exit_read(const void *bytes, size_t size, struct exec_exit *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = parse(bytes, size, MAX_SMALL_BYTES, "EXEC_EXIT", err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view code = json_view_get(root, "code");
	struct exec_exit exit = {
		.has_code = json_view_exists(code),
		.code = (int)json_view_number(code, 0, 255, 0),
		.signal = (int)json_view_number(json_view_get(root, "signal"), 0, 127, 0)};
	const char *error = json_view_peek(json_view_get(root, "error"));
	if (!json_document_check(document, err))
		return false;
	*ret = exit;
	ret->error = xstrdup_or_null(error);
	return true;
}

/* --- TUNNEL_OPEN ---------------------------------------------------------------------------- */

void tunnel_open_clear(struct tunnel_open *open)
{
	free(open->service);
	*open = (struct tunnel_open){0};
}

char *tunnel_open_write(const struct tunnel_open *open)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text_if(&json, "service", open->service);
	if (open->service == NULL)
		json_write_text(&json, "protocol", open->is_udp ? "udp" : "tcp");
	json_write_unsigned(&json, "port", open->port);
	json_close(&json);
	return strbuf_take(&out);
}

bool tunnel_open_read(const void *bytes, size_t size, struct tunnel_open *ret, struct error *err)
{
	static const char *const protocols[] = {"tcp", "udp"};
	AUTO_PTR(json_document)
	struct json_document *document = parse(bytes, size, MAX_SMALL_BYTES, "TUNNEL_OPEN", err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view service = json_view_get(root, "service");
	const char *name = json_view_peek(service);
	if (name != NULL && strlen(name) > 253)
		json_view_complain(service, "is too long");
	uint16_t port = (uint16_t)json_view_number(json_view_require(root, "port"), 1, 65535, 0);
	bool is_udp = json_view_word(json_view_get(root, "protocol"), protocols,
				     ARRAY_SIZE(protocols), 0) == 1;
	if (!json_document_check(document, err))
		return false;
	*ret = (struct tunnel_open){
		.service = xstrdup_or_null(name), .port = port, .is_udp = is_udp};
	return true;
}

/* --- FILE_PUSH ------------------------------------------------------------------------------ */

void file_push_clear(struct file_push *push)
{
	free(push->volume);
	free(push->path);
	*push = (struct file_push){0};
}

char *file_push_write(const struct file_push *push)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "volume", push->volume);
	json_write_text(&json, "path", push->path);
	json_write_true_if(&json, "delete", push->is_deleted);
	if (!push->is_deleted) {
		json_write_unsigned(&json, "mode", push->mode);
		json_write_unsigned(&json, "size", push->size_bytes);
	}
	json_close(&json);
	return strbuf_take(&out);
}

bool file_push_read(const void *bytes, size_t size, struct file_push *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = parse(bytes, size, MAX_SMALL_BYTES, "FILE_PUSH", err);
	if (document == NULL)
		return false;
	AUTO(file_push_clear) struct file_push push = {0};
	struct json_view root = json_document_root(document);
	struct json_view volume = json_view_require(root, "volume");
	struct json_view path = json_view_require(root, "path");
	push.volume = json_view_text(volume);
	push.path = json_view_text(path);
	push.mode = (unsigned)json_view_number(json_view_get(root, "mode"), 0, 07777, 0644);
	push.is_deleted = json_view_bool(json_view_get(root, "delete"), false);
	push.size_bytes = (uint64_t)json_view_number(json_view_get(root, "size"), 0, INT64_MAX, 0);
	if (push.volume != NULL &&
	    (!path_is_below(push.volume) || strchr(push.volume, '/') != NULL))
		json_view_complain(volume, "is no volume's name");
	if (push.path != NULL && !path_is_below(push.path))
		json_view_complain(path, "leaves the volume");
	if (!json_document_check(document, err))
		return false;
	*ret = push;
	push = (struct file_push){0};
	return true;
}

/* --- SHUTDOWN ------------------------------------------------------------------------------- */

char *shutdown_write(int64_t grace_s)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	if (grace_s >= 0)
		json_write_number(&json, "graceSeconds", grace_s);
	json_close(&json);
	return strbuf_take(&out);
}

bool shutdown_read(const void *bytes, size_t size, int64_t *ret_grace_s, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = parse(bytes, size, MAX_SMALL_BYTES, "SHUTDOWN", err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	int64_t grace_s = json_view_number(json_view_get(root, "graceSeconds"), 0, MAX_GRACE_S, -1);
	if (!json_document_check(document, err))
		return false;
	*ret_grace_s = grace_s;
	return true;
}
