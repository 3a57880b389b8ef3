/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/suggest.h"
#include "local/ports/stream_forward.h"
#include "local/supervisor/session_parts.h"
#include "wire/request.h"

#define MAX_SESSIONS 256
#define MAX_ARGV     4096

struct session_host {
	struct session_parts parts;
	struct stream_forwards *forwards;
	session_find_fn *find;
	session_run_fn *run;   /* or NULL */
	session_sync_fn *sync; /* or NULL */
	void *arg;
};

struct session_host *session_host_new(struct loop *loop, session_find_fn *find, void *arg)
{
	struct session_host *host = xcalloc(1, sizeof(*host));

	host->parts.loop = loop;
	host->forwards = stream_forwards_new(loop);
	host->find = find;
	host->arg = arg;
	return host;
}

void session_host_set_run(struct session_host *host, session_run_fn *run)
{
	host->run = run;
}

void session_host_set_sync(struct session_host *host, session_sync_fn *sync)
{
	host->sync = sync;
}

bool session_host_exec(struct session_host *host, int fd, struct agent *agent,
		       const struct exec_start *exec, session_ended_fn *ended, void *arg,
		       struct error *err)
{
	return exec_session_start(&host->parts, fd, agent, exec, "", ended, arg, err);
}

void session_host_free(struct session_host *host)
{
	if (host == NULL)
		return;
	exec_session_cut_all(&host->parts);
	stream_forwards_free(host->forwards);
	free(host);
}

size_t session_host_count(const struct session_host *host)
{
	return host->parts.count + stream_forwards_count(host->forwards);
}

bool session_is_request(const char *line, size_t size)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(line, size, "request", 0, NULL);

	return document != NULL &&
	       json_view_is_text(json_view_get(json_document_root(document), "session"));
}

void session_target_clear(struct session_target *target)
{
	string_list_clear(&target->containers);
}

static bool check_container(const struct session_target *target, const char *name,
			    struct error *err)
{
	if (name == NULL || target->containers.count == 0 ||
	    string_list_has(&target->containers, name))
		return true;
	(void)error_set(err, ERROR_NOT_FOUND, "%s has no container '%s'", target->instance, name);
	return suggest_hint(err, name, &target->containers);
}

void session_read_exec(struct json_view root, struct exec_start *ret)
{
	ret->container = json_view_text(json_view_get(root, "container"));
	ret->cwd = json_view_text(json_view_get(root, "cwd"));
	ret->user = json_view_text(json_view_get(root, "user"));
	ret->has_tty = json_view_bool(json_view_get(root, "tty"), false);
	ret->has_stdin = json_view_bool(json_view_get(root, "stdin"), false);
	ret->is_privileged = json_view_bool(json_view_get(root, "privileged"), false);
	ret->rows = (uint16_t)json_view_number(json_view_get(root, "rows"), 0, UINT16_MAX, 0);
	ret->columns = (uint16_t)json_view_number(json_view_get(root, "columns"), 0, UINT16_MAX, 0);
	json_view_texts(json_view_get(root, "argv"), MAX_ARGV, &ret->argv);
	json_view_texts(json_view_get(root, "env"), MAX_ARGV, &ret->env);
	struct json_view entrypoint = json_view_get(root, "entrypoint");
	ret->has_entrypoint = json_view_exists(entrypoint);
	json_view_texts(entrypoint, MAX_ARGV, &ret->entrypoint);
}

static bool is_sync(const struct string_list *argv)
{
	return argv->count > 1 && strcmp(argv->items[0], EXEC_COPY) == 0 &&
	       strcmp(argv->items[1], EXEC_SYNC) == 0;
}

static bool start_exec(struct session_host *host, int fd, const struct session_target *target,
		       struct json_view root, const char *answer, struct error *err)
{
	AUTO(exec_start_clear) struct exec_start exec = {0};

	session_read_exec(root, &exec);
	if (!json_document_check(root.document, err) ||
	    !check_container(target, exec.container, err))
		return false;
	if (exec.argv.count == 0)
		return error_set(err, ERROR_INVALID, "no command given");
	if (target->agent == NULL)
		return error_set(err, ERROR_NETWORK, "%s: the guest's agent is not connected",
				 target->instance);
	if (is_sync(&exec.argv) && host->sync != NULL &&
	    !host->sync(target->instance, exec.container != NULL ? exec.container : "", host->arg,
			err))
		return false;
	return exec_session_start(&host->parts, fd, target->agent, &exec, answer, NULL, NULL, err);
}

static bool start_forward(struct session_host *host, int fd, const struct session_target *target,
			  struct json_view root, const char *answer, struct error *err)
{
	const struct stream_forward_to to = {
		.agent = target->agent,
		.port = (uint16_t)json_view_number(json_view_require(root, "port"), 1, UINT16_MAX,
						   0)};

	return json_document_check(root.document, err) &&
	       stream_forward_start(host->forwards, fd, &to, answer, err);
}

static void write_ok(const char *instance, struct strbuf *out)
{
	struct json_writer json = JSON_WRITER(out, 0);

	json_open_object(&json, NULL);
	json_write_bool(&json, "ok", true);
	json_write_text(&json, "instance", instance);
	json_close(&json);
	strbuf_append_char(out, '\n');
}

static bool start(struct session_host *host, int fd, struct json_view root, struct error *err)
{
	const char *session = json_view_peek(json_view_require(root, "session"));
	const char *name = json_view_peek(json_view_require(root, "target"));
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	AUTO(session_target_clear) struct session_target target = {0};

	if (!json_document_check(root.document, err) || session == NULL || name == NULL)
		return false;
	if (strcmp(session, "run") == 0 && host->run != NULL)
		return host->run(fd, root, host->arg, err);
	if (session_host_count(host) >= MAX_SESSIONS)
		return error_set(err, ERROR_FULL, "%d sessions are open already", MAX_SESSIONS);
	if (!host->find(name, &target, host->arg, err))
		return false;
	write_ok(target.instance, &answer);
	if (strcmp(session, "exec") == 0)
		return start_exec(host, fd, &target, root, strbuf_text(&answer), err);
	if (strcmp(session, "forward") == 0)
		return start_forward(host, fd, &target, root, strbuf_text(&answer), err);
	return error_set(err, ERROR_UNSUPPORTED, "request: no session '%s'", session);
}

void session_refuse(int fd, const struct error *err)
{
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&answer, 0);

	json_open_object(&json, NULL);
	json_open_object(&json, "error");
	json_write_text(&json, "message", err->message != NULL ? err->message : "failed");
	json_write_text_if(&json, "hint", err->hint);
	json_close(&json);
	json_close(&json);
	strbuf_append_char(&answer, '\n');
	/* A fresh socket takes a line; a client that does not is none of our trouble. */
	(void)!send(fd, answer.data, answer.size, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

void session_host_take(struct session_host *host, int fd, const char *line, size_t size)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(line, size, "request", 0, &err);
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	if (document == NULL || !start(host, fd, json_document_root(document), &err))
		session_refuse(fd, &err);
}
