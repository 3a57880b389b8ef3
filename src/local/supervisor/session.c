/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/session.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "local/ports/stream_forward.h"
#include "local/supervisor/session_parts.h"

#define MAX_SESSIONS 256
#define MAX_ARGV     4096

struct session_host {
	struct session_parts parts;
	struct stream_forwards *forwards;
	session_find_fn *find;
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
	json_t *root = json_loadb(line, size, 0, NULL);
	bool is_request = json_is_string(json_object_get(root, "session"));

	json_decref(root);
	return is_request;
}

static bool read_list(const json_t *root, const char *key, struct string_list *ret,
		      struct error *err)
{
	const json_t *list = json_object_get(root, key);
	size_t count = json_array_size(list);

	if (list != NULL && (!json_is_array(list) || count > MAX_ARGV))
		return error_set(err, ERROR_INVALID, "request: '%s' is no list", key);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text == NULL)
			return error_set(err, ERROR_INVALID, "request: '%s' is no list of texts",
					 key);
		string_list_add(ret, text);
	}
	return true;
}

static uint16_t read_u16(const json_t *root, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(root, key));

	return value > 0 && value <= UINT16_MAX ? (uint16_t)value : 0;
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

static bool start_exec(struct session_host *host, int fd, const struct session_target *target,
		       const json_t *root, const char *answer, struct error *err)
{
	AUTO(exec_start_clear)
	struct exec_start exec = {
		.container = xstrdup_or_null(json_string_value(json_object_get(root, "container"))),
		.cwd = xstrdup_or_null(json_string_value(json_object_get(root, "cwd"))),
		.user = xstrdup_or_null(json_string_value(json_object_get(root, "user"))),
		.has_tty = json_is_true(json_object_get(root, "tty")),
		.has_stdin = json_is_true(json_object_get(root, "stdin")),
		.rows = read_u16(root, "rows"),
		.columns = read_u16(root, "columns"),
	};

	if (!read_list(root, "argv", &exec.argv, err) || !read_list(root, "env", &exec.env, err))
		return false;
	if (!check_container(target, exec.container, err))
		return false;
	if (exec.argv.count == 0)
		return error_set(err, ERROR_INVALID, "no command given");
	if (target->agent == NULL)
		return error_set(err, ERROR_NETWORK, "%s: the guest's agent is not connected",
				 target->instance);
	return exec_session_start(&host->parts, fd, target->agent, &exec, answer, err);
}

static bool start_forward(struct session_host *host, int fd, const struct session_target *target,
			  const json_t *root, const char *answer, struct error *err)
{
	const struct stream_forward_to to = {.agent = target->agent,
					     .port = read_u16(root, "port")};

	if (to.port == 0)
		return error_set(err, ERROR_INVALID, "request: no port");
	return stream_forward_start(host->forwards, fd, &to, answer, err);
}

static bool start(struct session_host *host, int fd, const json_t *root, struct error *err)
{
	const char *session = json_string_value(json_object_get(root, "session"));
	const char *name = json_string_value(json_object_get(root, "target"));
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	AUTO(session_target_clear) struct session_target target = {0};

	if (session == NULL || name == NULL)
		return error_set(err, ERROR_INVALID, "request: 'session' and 'target' are needed");
	if (session_host_count(host) >= MAX_SESSIONS)
		return error_set(err, ERROR_FULL, "%d sessions are open already", MAX_SESSIONS);
	if (!host->find(name, &target, host->arg, err))
		return false;
	strbuf_append(&answer, "{\"ok\":true,\"instance\":");
	strbuf_append_json(&answer, target.instance);
	strbuf_append(&answer, "}\n");
	if (strcmp(session, "exec") == 0)
		return start_exec(host, fd, &target, root, strbuf_text(&answer), err);
	if (strcmp(session, "forward") == 0)
		return start_forward(host, fd, &target, root, strbuf_text(&answer), err);
	return error_set(err, ERROR_UNSUPPORTED, "request: no session '%s'", session);
}

static void refuse(int fd, const struct error *err)
{
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;

	strbuf_append(&answer, "{\"error\":{\"message\":");
	strbuf_append_json(&answer, err->message != NULL ? err->message : "failed");
	if (err->hint != NULL) {
		strbuf_append(&answer, ",\"hint\":");
		strbuf_append_json(&answer, err->hint);
	}
	strbuf_append(&answer, "}}\n");
	/* A fresh socket takes a line; a client that does not is none of our trouble. */
	(void)!send(fd, answer.data, answer.size, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

void session_host_take(struct session_host *host, int fd, const char *line, size_t size)
{
	struct error err = ERROR_INIT;
	json_t *root = json_loadb(line, size, 0, NULL);
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	if (!start(host, fd, root, &err))
		refuse(fd, &err);
	error_clear(&err);
	json_decref(root);
}
