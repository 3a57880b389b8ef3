/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/loop.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/pod_words.h"
#include "cli/project.h"
#include "cli/verb.h"
#include "local/client/session_client.h"
#include "local/ports/listen_socket.h"
#include "local/ports/relay.h"

#define MAX_FORWARDS 32

struct listener {
	struct forwarder *forwarder;
	uint16_t remote_port;
	int fd;
};

struct forwarder {
	const struct invocation *invocation;
	const char *project;
	const char *target;
	const char *word; /* what the target was called: svc/web */
	const char *address;
	struct loop *loop;
	struct relay_pipes *pipes;
	struct listener listeners[MAX_FORWARDS];
	size_t count;
};

/* "8080:80", "8080" (the same on both sides), ":80" (any free port here). */
static bool parse_ports(const char *text, uint16_t *ret_local, uint16_t *ret_remote,
			struct error *err)
{
	const char *colon = strchr(text, ':');
	AUTO_FREE char *local = xstrndup(text, strcspn(text, ":"));

	*ret_local = 0;
	if (colon != NULL && parse_port(colon + 1, ret_remote) &&
	    (local[0] == '\0' || parse_port(local, ret_local)))
		return true;
	if (colon == NULL && parse_port(text, ret_remote)) {
		*ret_local = *ret_remote;
		return true;
	}
	return error_set(err, ERROR_USAGE, "'%s' is not LOCAL:REMOTE, two ports", text);
}

static void on_done(enum relay_end how, void *arg)
{
	(void)how;
	(void)arg;
}

static int connect_session(const struct forwarder *forwarder, uint16_t port, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf request = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&request, 0);

	json_open_object(&json, NULL);
	json_write_text(&json, "session", "forward");
	json_write_text(&json, "target", forwarder->target);
	json_write_unsigned(&json, "port", port);
	json_close(&json);
	return session_connect(forwarder->project, strbuf_text(&request), err);
}

/* The request is answered by a process on this machine, so waiting for it here is short. */
static void serve(struct listener *listener, int client_fd)
{
	struct forwarder *forwarder = listener->forwarder;
	const struct relay_options options = {
		.loop = forwarder->loop, .pipes = forwarder->pipes, .done = on_done};
	struct error err = ERROR_INIT;
	int fd;

	fd = connect_session(forwarder, listener->remote_port, &err);
	if (fd >= 0) {
		(void)relay_sockets(&options, client_fd, fd);
		return;
	}
	output_warning(forwarder->invocation, "port %u: %s", (unsigned)listener->remote_port,
		       err.message);
	error_clear(&err);
	relay_reset_fd(client_fd);
}

static void on_listener(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	int client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	(void)source;
	(void)events;

	if (client_fd >= 0)
		serve(arg, client_fd);
}

static void on_interrupt(struct loop_signal *source, int signo, void *arg)
{
	const struct forwarder *forwarder = arg;
	(void)source;
	(void)signo;

	loop_stop(forwarder->loop, 0);
}

static bool add_listener(struct forwarder *forwarder, const char *text, struct error *err)
{
	struct listener *listener = &forwarder->listeners[forwarder->count];
	struct socket_address address;
	char shown[SOCKET_ADDRESS_TEXT_SIZE];
	uint16_t local;

	if (!parse_ports(text, &local, &listener->remote_port, err) ||
	    !socket_address_make(forwarder->address, local, &address, err))
		return false;
	listener->remote_port =
		pod_word_port(forwarder->project, forwarder->word, listener->remote_port);
	listener->forwarder = forwarder;
	listener->fd = listen_socket_open(&(struct listen_options){.service = forwarder->target,
								   .move = LISTEN_MOVE_NEVER,
								   .namespace_fd = -1},
					  &address, err);
	if (listener->fd < 0)
		return error_hint(err, "i2kit port-forward %s :%u takes any free port",
				  forwarder->target, (unsigned)listener->remote_port);
	forwarder->count++;
	(void)loop_add_fd(forwarder->loop, listener->fd, LOOP_READ, on_listener, listener);
	socket_address_format(shown, &address);
	(void)printf("%s -> %s:%u\n", shown, forwarder->target, (unsigned)listener->remote_port);
	return true;
}

/* Fails early, with what is wrong, when the target is not there. */
static bool check_target(const struct forwarder *forwarder, const char *ports, struct error *err)
{
	uint16_t local;
	uint16_t remote;
	int fd;

	if (!parse_ports(ports, &local, &remote, err))
		return false;
	fd = connect_session(forwarder, pod_word_port(forwarder->project, forwarder->word, remote),
			     err);
	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

static bool forward_all(struct forwarder *forwarder, const struct string_list *rest,
			struct error *err)
{
	if (!check_target(forwarder, rest->items[1], err))
		return false;
	for (size_t i = 1; i < rest->count; i++) {
		if (!add_listener(forwarder, rest->items[i], err))
			return false;
	}
	(void)fflush(stdout);
	(void)loop_add_signal(forwarder->loop, SIGINT, on_interrupt, forwarder);
	(void)loop_add_signal(forwarder->loop, SIGTERM, on_interrupt, forwarder);
	(void)loop_run(forwarder->loop);
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	AUTO_FREE char *project = project_resolve(invocation, NULL, err);
	const char *bind = arguments_value(invocation->args, "bind");
	struct forwarder forwarder = {.invocation = invocation,
				      .project = project,
				      .target = NULL,
				      .address = bind != NULL ? bind : "127.0.0.1"};
	bool is_done;

	AUTO_FREE char *target =
		project != NULL ? pod_word_read(project, rest->items[0], err) : NULL;
	if (target == NULL)
		return 1;
	forwarder.target = target;
	forwarder.word = rest->items[0];
	if (rest->count > MAX_FORWARDS + 1) {
		(void)error_set(err, ERROR_USAGE, "at most %d ports at once", MAX_FORWARDS);
		return 1;
	}
	forwarder.loop = loop_new(err);
	if (forwarder.loop == NULL)
		return 1;
	forwarder.pipes = relay_pipes_new();
	is_done = forward_all(&forwarder, rest, err);
	for (size_t i = 0; i < forwarder.count; i++)
		(void)close(forwarder.listeners[i].fd);
	loop_free(forwarder.loop);
	relay_pipes_free(forwarder.pipes);
	return is_done ? 0 : 1;
}

static const struct option_spec options[] = {
	{.name = "bind",
	 .kind = OPTION_VALUE,
	 .metavar = "ADDRESS",
	 .help = "listen here instead of on 127.0.0.1"},
};

const struct verb verb_port_forward = {
	.name = "port-forward",
	.group = VERB_WATCH,
	.summary = "reach a pod's port that is not published",
	.description =
		"Listens on this machine and passes each connection on to a port inside the pod, "
		"until interrupted; also to ports that only listen on the pod's own 127.0.0.1. "
		"TCP only. With svc/NAME the port is the Service's and leads where the Service "
		"leads. "
		"Ports that a Service declares are there already: see `i2kit ps`.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {.metavar = "POD [LOCAL]:REMOTE",
		     .min = 2,
		     .max = 0,
		     .complete = COMPLETE_INSTANCE},
	.example = "i2kit port-forward db 5432\n"
		   "i2kit port-forward web-1 8081:80 :9090",
	.run = run,
};
