/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/proxy.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "local/plan/proxy_config.h"
#include "local/ports/listen_socket.h"
#include "local/supervisor/proxy_connection.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/vm/proxy_process.h"

enum {
	FIRST_TRIES = 10,
	FIRST_PAUSE_MS = 50,
	SOFT_MS = 500,
	RETRY_MS = 1000,
	STEADY_MS = 10000,
	MOST_SOCKETS = 2 * PROXY_FRONTS
};

static const struct backoff law = {.first_ms = 500, .max_ms = 30000, .percent = 200};

/* Where routes are published: on the address, and on ::1 beside 127.0.0.1. */
struct front {
	int fds[2]; /* -1: not open */
	char *bind;
	struct proxy_port wanted;
	uint16_t port; /* as it listens; 0: not */
	char *problem; /* or NULL */
};

/*
 * One HAProxy: RUNNING → (another has begun) SOFT: it ends when its connections have → gone. One that
 * ends while it is RUNNING is begun again, after a pause.
 */
struct proxy_run {
	struct proxy *proxy;
	int connection; /* to the starter */
	struct loop_fd *source;
	struct proxy_line *lines; /* one for each target */
	size_t line_count;
	struct proxy_run *next; /* the one before it */
};

struct proxy {
	struct supervisor *supervisor;
	struct front fronts[PROXY_FRONTS];
	struct proxy_run *runs;	  /* the newest first */
	bool is_running;	  /* the first of them is the one that is wanted */
	char *written;		  /* its configuration; NULL: to be made */
	struct string_list shown; /* its certificates */
	struct loop_timer *soft;  /* the older ones are asked to end then */
	struct loop_timer *again; /* begins one */
	struct loop_timer *steady;
	unsigned failures;
	char *problem; /* why none runs; or NULL */
};

/* ---- fronts ---- */

static void close_front(struct front *front)
{
	auto_close(&front->fds[0]);
	auto_close(&front->fds[1]);
	front->fds[0] = front->fds[1] = -1;
	free(front->bind);
	free(front->problem);
	front->bind = NULL;
	front->problem = NULL;
	front->port = 0;
	front->wanted = (struct proxy_port){0};
}

static int open_at(const char *host, uint16_t port, const char *name, enum listen_move move,
		   uint16_t *ret_port, struct error *err)
{
	struct socket_address address;
	const struct listen_options options = {
		.service = name, .move = move, .target_port = 0, .namespace_fd = -1};

	if (!socket_address_make(host, port, &address, err))
		return -1;
	int fd = listen_socket_open(&options, &address, err);
	*ret_port = socket_address_port(&address);
	return fd;
}

static void note_problem(struct proxy *proxy, char **problem, const struct error *err)
{
	if (*problem != NULL && strcmp(*problem, err->message) == 0)
		return;
	free(*problem);
	*problem = xstrdup(err->message);
	supervisor_say(proxy->supervisor, true, "RoutesFailed", "routes", "%s%s%s", err->message,
		       err->hint != NULL ? "; " : "", err->hint != NULL ? err->hint : "");
}

/*
 * The HAProxy of a supervisor that was killed ends a moment after it: its port is waited for, rather
 * than left for another one.
 */
static int open_first(struct front *front, const char *name, struct error *err)
{
	int fd = -1;

	for (unsigned i = 0; i < FIRST_TRIES && fd < 0; i++) {
		error_clear(err);
		if (i > 0)
			(void)poll(NULL, 0, FIRST_PAUSE_MS);
		fd = open_at(front->bind, front->wanted.host_port, name, LISTEN_MOVE_PRIVILEGED,
			     &front->port, err);
		if (fd < 0 && err->kind != ERROR_EXISTS)
			break;
	}
	return fd;
}

static void open_front(struct proxy *proxy, unsigned index)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct front *front = &proxy->fronts[index];
	const char *name = proxy_front_words[index];

	if (proxy->runs == NULL)
		front->fds[0] = open_first(front, name, &err);
	if (front->fds[0] < 0) {
		error_clear(&err);
		front->fds[0] = open_at(front->bind, front->wanted.host_port, name,
					front->wanted.is_asked_for ? LISTEN_MOVE_PRIVILEGED
								   : LISTEN_MOVE_TAKEN,
					&front->port, &err);
	}
	if (front->fds[0] < 0) {
		front->port = 0;
		if (err.kind == ERROR_EXISTS)
			error_hint(&err, "stop that process, or --publish %s:%u", name,
				   listen_other_port(front->wanted.host_port));
		note_problem(proxy, &front->problem, &err);
		loop_timer_set(proxy->supervisor->ports_retry, RETRY_MS);
		return;
	}
	free(front->problem);
	front->problem = NULL;
	uint16_t beside = 0;
	if (strcmp(front->bind, "127.0.0.1") == 0)
		front->fds[1] = open_at("::1", front->port, name, LISTEN_MOVE_NEVER, &beside, NULL);
	free(proxy->written);
	proxy->written = NULL;
}

static void apply_front(struct proxy *proxy, unsigned index)
{
	struct front *front = &proxy->fronts[index];
	const struct project_plan *plan = &proxy->supervisor->plan;
	const struct proxy_port *wanted = &plan->proxy.ports[index];
	bool is_same = front->bind != NULL && strcmp(front->bind, plan->bind) == 0 &&
		       front->wanted.host_port == wanted->host_port &&
		       front->wanted.is_asked_for == wanted->is_asked_for;

	if (plan->proxy.route_count == 0 || wanted->host_port == 0) {
		close_front(front);
		return;
	}
	if (is_same && front->fds[0] >= 0)
		return;
	close_front(front);
	front->bind = xstrdup(plan->bind);
	front->wanted = *wanted;
	open_front(proxy, index);
}

/* ---- processes ---- */

static void free_run(struct proxy_run *run)
{
	for (size_t i = 0; i < run->line_count; i++)
		proxy_line_close(&run->lines[i]);
	free(run->lines);
	loop_fd_remove(run->source);
	auto_close(&run->connection);
	free(run);
}

static void drop_run(struct proxy *proxy, struct proxy_run *run)
{
	struct proxy_run **at = &proxy->runs;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	free_run(run);
}

static void on_run(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct proxy_run *run = arg;
	struct proxy *proxy = run->proxy;
	bool is_wanted = proxy->is_running && proxy->runs == run;

	(void)source;
	(void)events;
	(void)proxy_process_end(fd, &err);
	drop_run(proxy, run);
	if (!is_wanted)
		return;
	proxy->is_running = false;
	loop_timer_cancel(proxy->soft);
	loop_timer_cancel(proxy->steady);
	note_problem(proxy, &proxy->problem, &err);
	loop_timer_set(proxy->again, backoff_ms(&law, proxy->failures));
	proxy->failures += proxy->failures < UINT16_MAX ? 1 : 0;
	supervisor_changed(proxy->supervisor);
}

/* New connections go to the one that has begun; the others end as theirs do. */
static void on_soft(struct loop_timer *timer, void *arg)
{
	struct proxy *proxy = arg;

	(void)timer;
	for (struct proxy_run *run = proxy->runs; run != NULL; run = run->next) {
		if (run != proxy->runs)
			(void)shutdown(run->connection, SHUT_WR);
	}
}

static void on_steady(struct loop_timer *timer, void *arg)
{
	(void)timer;
	((struct proxy *)arg)->failures = 0;
}

static char *folder_of(const struct supervisor *supervisor)
{
	AUTO_FREE char *below = path_join(supervisor->project, "proxy");

	return path_folder(PATH_RUNTIME, below);
}

static bool write_files(const struct proxy *proxy, const char *folder, const char *text,
			const struct string_list *names, struct error *err)
{
	const struct proxy_plan *plan = &proxy->supervisor->plan.proxy;
	AUTO_FREE char *path = path_join(folder, "haproxy.cfg");

	if (!path_make_folders(folder, 0700, err))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		const char *pem = plan->certificates.items[i];
		if (!file_write_atomic(names->items[i], pem, strlen(pem), 0600, err))
			return false;
	}
	return file_write_atomic(path, text, strlen(text), 0600, err);
}

/* Whom it becomes, started by root: the package's user, or nobody. */
static void choose_user(struct proxy_config *config)
{
	if (geteuid() != 0)
		return;
	config->user = getpwnam("haproxy") != NULL ? "haproxy" : "nobody";
	config->group = getgrnam("haproxy") != NULL   ? "haproxy"
			: getgrnam("nogroup") != NULL ? "nogroup"
						      : "nobody";
}

/* The descriptors of the listeners, in order; their numbers there go into the configuration. */
static size_t list_fronts(const struct proxy *proxy, struct proxy_config *config,
			  int fds[MOST_SOCKETS])
{
	size_t count = 0;

	for (unsigned i = 0; i < PROXY_FRONTS; i++) {
		config->ports[i] = proxy->fronts[i].port;
		for (size_t k = 0; k < 2; k++) {
			config->listeners[i][k] = -1;
			if (proxy->fronts[i].fds[k] < 0)
				continue;
			config->listeners[i][k] = PROXY_FIRST_FD + (int)count;
			fds[count++] = proxy->fronts[i].fds[k];
		}
	}
	return count;
}

/* *fds: the listeners' already; the lines' other ends are added, and are the caller's to close. */
static bool open_lines(struct proxy_run *run, const struct route_target *targets, size_t count,
		       int *fds, struct error *err)
{
	run->lines = xcalloc(count + 1, sizeof(*run->lines));
	for (size_t i = 0; i < count; i++) {
		fds[i] = proxy_line_open(&run->lines[i], run->proxy->supervisor, &targets[i], err);
		if (fds[i] < 0)
			return false;
		run->line_count++;
	}
	return true;
}

static bool begin(struct proxy *proxy, const char *config_path, const int *listeners,
		  size_t listener_count, struct error *err)
{
	struct supervisor *supervisor = proxy->supervisor;
	size_t count = 0;
	AUTO_FREE struct route_target *targets = routes_targets(
		supervisor->plan.proxy.routes, supervisor->plan.proxy.route_count, &count);
	size_t total = listener_count + count;
	AUTO_FREE int *fds = xcalloc(total + 1, sizeof(*fds));
	struct proxy_run *run = xcalloc(1, sizeof(*run));

	run->proxy = proxy;
	run->connection = -1;
	memcpy(fds, listeners, listener_count * sizeof(*fds));
	if (total > PROXY_FDS_MAX)
		(void)error_set(err, ERROR_UNSUPPORTED, "routes to more than %d Services",
				PROXY_FDS_MAX - MOST_SOCKETS);
	else if (open_lines(run, targets, count, fds + listener_count, err))
		run->connection = proxy_process_start(config_path, fds, total, err);
	for (size_t i = 0; i < run->line_count; i++)
		(void)close(fds[listener_count + i]);
	if (run->connection < 0) {
		free_run(run);
		return false;
	}
	run->source = loop_add_fd(supervisor->loop, run->connection, LOOP_READ, on_run, run);
	run->next = proxy->runs;
	proxy->runs = run;
	proxy->is_running = true;
	return true;
}

static bool is_shown(const struct proxy *proxy, const struct string_list *certificates)
{
	if (proxy->shown.count != certificates->count)
		return false;
	for (size_t i = 0; i < certificates->count; i++) {
		if (strcmp(proxy->shown.items[i], certificates->items[i]) != 0)
			return false;
	}
	return true;
}

static void forget_written(struct proxy *proxy)
{
	for (size_t i = 0; i < proxy->shown.count; i++)
		explicit_bzero(proxy->shown.items[i], strlen(proxy->shown.items[i]));
	string_list_clear(&proxy->shown);
	free(proxy->written);
	proxy->written = NULL;
}

/* One more process, where what it would be told is new or none runs. */
static bool converge(struct proxy *proxy, struct error *err)
{
	const struct proxy_plan *plan = &proxy->supervisor->plan.proxy;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *folder = folder_of(proxy->supervisor);
	AUTO_FREE char *path = path_join(folder, "haproxy.cfg");
	struct proxy_config config = {.plan = plan, .cert_files = &names};
	int fds[MOST_SOCKETS];
	size_t count = list_fronts(proxy, &config, fds);

	if (count == 0)
		return true;
	for (size_t i = 0; i < plan->certificates.count; i++)
		string_list_addf(&names, "%s/%zu.pem", folder, i);
	choose_user(&config);
	config.first_target = PROXY_FIRST_FD + (int)count;
	AUTO_FREE char *text = proxy_config_write(&config);
	if (proxy->is_running && proxy->written != NULL && strcmp(proxy->written, text) == 0 &&
	    is_shown(proxy, &plan->certificates))
		return true;
	if (!write_files(proxy, folder, text, &names, err) || !begin(proxy, path, fds, count, err))
		return false;
	forget_written(proxy);
	proxy->written = TAKE_PTR(text);
	string_list_copy(&proxy->shown, &plan->certificates);
	loop_timer_set(proxy->soft, SOFT_MS);
	loop_timer_set(proxy->steady, STEADY_MS);
	return true;
}

static void try_converge(struct proxy *proxy)
{
	AUTO(error_clear) struct error err = ERROR_INIT;

	if (converge(proxy, &err)) {
		free(proxy->problem);
		proxy->problem = NULL;
		return;
	}
	note_problem(proxy, &proxy->problem, &err);
	loop_timer_set(proxy->again, backoff_ms(&law, proxy->failures));
	proxy->failures += proxy->failures < UINT16_MAX ? 1 : 0;
}

static void on_again(struct loop_timer *timer, void *arg)
{
	struct proxy *proxy = arg;

	(void)timer;
	if (proxy->supervisor->plan.proxy.route_count > 0)
		try_converge(proxy);
	supervisor_changed(proxy->supervisor);
}

static void end_runs(struct proxy *proxy)
{
	while (proxy->runs != NULL)
		drop_run(proxy, proxy->runs);
	proxy->is_running = false;
	loop_timer_cancel(proxy->soft);
	loop_timer_cancel(proxy->again);
	loop_timer_cancel(proxy->steady);
	forget_written(proxy);
	free(proxy->problem);
	proxy->problem = NULL;
	proxy->failures = 0;
}

void proxy_apply(struct supervisor *supervisor)
{
	struct proxy *proxy = supervisor->proxy;

	for (unsigned i = 0; i < PROXY_FRONTS; i++)
		apply_front(proxy, i);
	if (supervisor->plan.proxy.route_count == 0)
		end_runs(proxy);
	else
		try_converge(proxy);
}

void proxy_retry(struct supervisor *supervisor)
{
	struct proxy *proxy = supervisor->proxy;

	for (unsigned i = 0; i < PROXY_FRONTS; i++) {
		struct front *front = &proxy->fronts[i];
		if (front->problem == NULL || front->bind == NULL)
			continue;
		open_front(proxy, i);
		if (front->fds[0] < 0)
			continue;
		supervisor_say(supervisor, false, "PortOpened", "routes",
			       "port %u is free now, and published", (unsigned)front->port);
		try_converge(proxy);
		supervisor_changed(supervisor);
	}
}

void proxy_close(struct supervisor *supervisor)
{
	if (supervisor->proxy == NULL)
		return;
	end_runs(supervisor->proxy);
	for (unsigned i = 0; i < PROXY_FRONTS; i++)
		close_front(&supervisor->proxy->fronts[i]);
}

struct proxy *proxy_new(struct supervisor *supervisor)
{
	struct proxy *proxy = xcalloc(1, sizeof(*proxy));

	proxy->supervisor = supervisor;
	for (unsigned i = 0; i < PROXY_FRONTS; i++)
		proxy->fronts[i].fds[0] = proxy->fronts[i].fds[1] = -1;
	proxy->soft = loop_add_timer(supervisor->loop, 0, on_soft, proxy);
	proxy->again = loop_add_timer(supervisor->loop, 0, on_again, proxy);
	proxy->steady = loop_add_timer(supervisor->loop, 0, on_steady, proxy);
	loop_timer_cancel(proxy->soft);
	loop_timer_cancel(proxy->again);
	loop_timer_cancel(proxy->steady);
	return proxy;
}

void proxy_free(struct proxy *proxy)
{
	if (proxy == NULL)
		return;
	proxy_close(proxy->supervisor);
	loop_timer_remove(proxy->soft);
	loop_timer_remove(proxy->again);
	loop_timer_remove(proxy->steady);
	free(proxy);
}

/* ---- status ---- */

static void add_pods(const struct supervisor *supervisor, const char *service,
		     struct string_list *ret)
{
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *plan = &supervisor->plan.services[i];
		if (strcmp(plan->name, service) != 0)
			continue;
		for (size_t k = 0; k < plan->pods.count; k++) {
			if (!string_list_has(ret, plan->pods.items[k]))
				string_list_add(ret, plan->pods.items[k]);
		}
	}
}

static void fill_front(const struct supervisor *supervisor, unsigned index,
		       struct project_status *ret)
{
	const struct proxy *proxy = supervisor->proxy;
	const struct front *front = &proxy->fronts[index];
	struct port_status *port = ARRAY_APPEND(ret->ports, ret->port_count);
	size_t count = 0;
	AUTO_FREE struct route_target *targets = routes_targets(
		supervisor->plan.proxy.routes, supervisor->plan.proxy.route_count, &count);
	const char *problem = front->problem != NULL ? front->problem : proxy->problem;

	port->service = xstrdup("routes");
	port->name = xstrdup(proxy_front_words[index]);
	port->host = xstrdup(front->bind);
	port->host_port = front->port;
	port->wanted_host_port = front->wanted.host_port;
	port->service_port = index == PROXY_HTTPS ? 443 : 80;
	port->target_port = port->service_port;
	port->is_http = true;
	port->is_https = index == PROXY_HTTPS;
	port->problem = xstrdup_or_null(problem);
	for (size_t i = 0; i < count; i++) {
		struct balancer_counters counters = {0};
		struct balancer_port *balanced =
			services_proxied(supervisor, targets[i].service, targets[i].port);
		if (balanced != NULL)
			balancer_port_get_counters(balanced, &counters);
		port->backends += counters.backends;
		port->connections += counters.open;
		port->total_connections += counters.total;
		add_pods(supervisor, targets[i].service, &port->pods);
	}
}

static void fill_route(const struct supervisor *supervisor, const struct route *route,
		       struct project_status *ret)
{
	const struct front *fronts = supervisor->proxy->fronts;
	struct route_status *status = ARRAY_APPEND(ret->routes, ret->route_count);
	AUTO(strbuf_clear) struct strbuf target = STRBUF_INIT;

	status->owner = xstrdup(route->owner);
	status->host = xstrdup_or_null(route->host);
	status->path = xstrdup(route->path);
	if (route->is_http && fronts[PROXY_HTTP].port != 0)
		status->http_url = proxy_route_url(route, false, fronts[PROXY_HTTP].port);
	if (route->is_https && fronts[PROXY_HTTPS].port != 0)
		status->https_url = proxy_route_url(route, true, fronts[PROXY_HTTPS].port);
	for (size_t i = 0; i < route->backend_count; i++) {
		const struct route_backend *backend = &route->backends[i];
		struct balancer_counters counters = {0};
		struct balancer_port *balanced =
			services_proxied(supervisor, backend->service, backend->port);
		if (balanced != NULL)
			balancer_port_get_counters(balanced, &counters);
		status->backends += counters.backends;
		strbuf_appendf(&target, "%s%s:%u", i > 0 ? ", " : "", backend->service,
			       (unsigned)backend->port);
		add_pods(supervisor, backend->service, &status->pods);
	}
	status->is_redirect = route->redirect_status != 0;
	status->target = xstrdup(status->is_redirect ? "a redirect" : strbuf_text(&target));
}

void proxy_status(const struct supervisor *supervisor, struct project_status *ret)
{
	const struct proxy *proxy = supervisor->proxy;

	for (unsigned i = 0; i < PROXY_FRONTS; i++) {
		if (proxy->fronts[i].bind != NULL)
			fill_front(supervisor, i, ret);
	}
	for (size_t i = 0; i < supervisor->plan.proxy.route_count; i++)
		fill_route(supervisor, &supervisor->plan.proxy.routes[i], ret);
}
