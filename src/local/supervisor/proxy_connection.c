/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/proxy_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "base/message_socket.h"
#include "local/plan/state.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/supervisor_parts.h"

enum { TAKE_MOST = 64, LINGER_MS = 10000, INSTANCES_SHOWN = 20 };

/* An answer is on its way: what is still asked is thrown away, until HAProxy closes. */
struct farewell {
	int fd;
	struct loop_fd *source;
	struct loop_timer *late;
};

static void end_farewell(struct farewell *farewell)
{
	loop_fd_remove(farewell->source);
	loop_timer_remove(farewell->late);
	(void)close(farewell->fd);
	free(farewell);
}

static void on_farewell(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	char thrown[4096];
	ssize_t got = recv(fd, thrown, sizeof(thrown), MSG_DONTWAIT);

	(void)source;
	(void)events;
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		end_farewell(arg);
}

static void on_late(struct loop_timer *timer, void *arg)
{
	(void)timer;
	end_farewell(arg);
}

static void append_pod(const struct supervisor *supervisor, const struct pod_plan *pod,
		       struct strbuf *out)
{
	unsigned shown = 0;

	for (size_t i = 0; i < supervisor->instance_count && shown < INSTANCES_SHOWN; i++) {
		const struct instance_status *status = &supervisor->instances[i]->status;
		if (strcmp(status->pod, pod->name) != 0)
			continue;
		shown++;
		strbuf_append(out, "<li>pod ");
		strbuf_append_xml(out, status->name);
		strbuf_append(out, " is not ready: ");
		strbuf_append_xml(out, instance_state_name(status->state));
		if (status->reason != NULL) {
			strbuf_append(out, ", ");
			strbuf_append_xml(out, status->reason);
		}
		strbuf_append(out, "</li>\n");
	}
	if (shown > 0)
		return;
	strbuf_append(out, "<li>pod ");
	strbuf_append_xml(out, pod->name);
	strbuf_append(out, pod->replicas == 0 ? " is scaled to 0</li>\n" : " has no VM yet</li>\n");
}

char *proxy_absence_page(const struct supervisor *supervisor, const char *service)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	size_t before;

	strbuf_append(&body, "<!doctype html>\n<meta charset=utf-8>\n"
			     "<meta http-equiv=refresh content=2>\n<title>not ready</title>\n"
			     "<h1>Nobody answers for Service ");
	strbuf_append_xml(&body, service);
	strbuf_append(&body, " yet</h1>\n<ul>\n");
	before = body.size;
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *plan = &supervisor->plan.services[i];
		for (size_t k = 0; strcmp(plan->name, service) == 0 && k < plan->pods.count; k++) {
			const struct pod_plan *pod =
				project_plan_find(&supervisor->plan, plan->pods.items[k]);
			if (pod != NULL)
				append_pod(supervisor, pod, &body);
		}
	}
	if (body.size == before)
		strbuf_append(&body, "<li>it has no pod here</li>\n");
	strbuf_append(&body, "</ul>\n<p>i2kit why POD says more. This page looks again by itself."
			     "</p>\n");
	strbuf_appendf(&out,
		       "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html; "
		       "charset=utf-8\r\nContent-Length: %zu\r\nRetry-After: 2\r\n"
		       "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
		       body.size);
	strbuf_append(&out, strbuf_text(&body));
	return strbuf_take(&out);
}

/* fd is given away. */
static void answer_absence(struct supervisor *supervisor, const char *service, int fd)
{
	AUTO_FREE char *page = proxy_absence_page(supervisor, service);
	struct farewell *farewell;
	size_t size = strlen(page);

	if (send(fd, page, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size ||
	    shutdown(fd, SHUT_WR) < 0) {
		(void)close(fd);
		return;
	}
	farewell = xcalloc(1, sizeof(*farewell));
	farewell->fd = fd;
	farewell->source = loop_add_fd(supervisor->loop, fd, LOOP_READ, on_farewell, farewell);
	farewell->late = loop_add_timer(supervisor->loop, LINGER_MS, on_late, farewell);
}

static void serve(const struct proxy_line *line, int fd)
{
	struct balancer_port *port = services_proxied(line->supervisor, line->service, line->port);
	struct balancer_counters counters = {0};

	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		(void)close(fd);
		return;
	}
	if (port != NULL)
		balancer_port_get_counters(port, &counters);
	if (counters.backends > 0)
		balancer_port_serve(port, fd);
	else
		answer_absence(line->supervisor, line->service, fd);
}

static void on_line(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct proxy_line *line = arg;

	(void)events;
	for (unsigned i = 0; i < TAKE_MOST; i++) {
		int taken = -1;
		if (!message_take_fd(fd, &taken)) {
			/* HAProxy has ended; its run is told. */
			loop_fd_set_events(source, 0);
			loop_fd_remove(source);
			line->source = NULL;
			return;
		}
		if (taken < 0)
			return;
		serve(line, taken);
	}
}

int proxy_line_open(struct proxy_line *line, struct supervisor *supervisor,
		    const struct route_target *target, struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		(void)error_set_errno(err, errno, "a socket pair");
		return -1;
	}
	line->supervisor = supervisor;
	line->service = xstrdup(target->service);
	line->port = target->port;
	line->fd = ends[0];
	line->source = loop_add_fd(supervisor->loop, line->fd, LOOP_READ, on_line, line);
	return ends[1];
}

void proxy_line_close(struct proxy_line *line)
{
	loop_fd_remove(line->source);
	line->source = NULL;
	auto_close(&line->fd);
	line->fd = -1;
	free(line->service);
	line->service = NULL;
}
