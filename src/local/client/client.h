/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_CLIENT_H
#define I2KIT_LOCAL_CLIENT_CLIENT_H

/*
 * How cli/ and tui/ see and steer a project: a connection to its supervisor over
 * PATH_RUNTIME/PROJECT/control.sock, on the caller's loop. Without a supervisor the status comes
 * from libvirt and the log store directly, and acts that need one start it.
 */

#include "base/cleanup.h"
#include "base/error.h"
#include "base/loop.h"
#include "local/plan/state.h"

struct client;

MUST_CHECK struct client *client_open(struct loop *loop, const char *project, struct error *err);
void client_close(struct client *client);
DEFINE_AUTO_PTR(client, client_close)

/* The names of all projects that have domains or a supervisor. */
struct string_list;

/* One look, now; waits at most a second for the supervisor. */
MUST_CHECK bool client_status(struct client *client, struct project_status *ret, struct error *err);

/* Called with the whole status whenever it changed (at most 10 times a second); NULL: connection
 * lost. */
typedef void client_status_fn(const struct project_status *status, void *arg);
void client_watch_status(struct client *client, client_status_fn *fn, void *arg);
typedef void client_event_fn(const struct project_event *event, void *arg);
void client_watch_events(struct client *client, client_event_fn *fn,
			 void *arg); /* replays the kept ones first */
/* Asks guests for numbers every interval_ms while > 0. */
void client_watch_stats(struct client *client, unsigned interval_ms);

/* Acts; done is called once, err NULL on success. */
typedef void client_done_fn(struct error *err_or_null, void *arg);
void client_restart(struct client *client, const char *pod_or_instance, client_done_fn *done,
		    void *arg);
void client_scale(struct client *client, const char *pod, unsigned replicas, client_done_fn *done,
		  void *arg);
void client_stop(struct client *client, const char *pod_or_instance, client_done_fn *done,
		 void *arg);

/* An instance loses its power and comes again; a pod is stopped without being asked. */
void client_kill_one(struct client *client, const char *pod_or_instance, client_done_fn *done,
		     void *arg);
/* Their VMs stand still, or go on. */
void client_pause(struct client *client, const char *pod_or_instance, client_done_fn *done,
		  void *arg);
void client_unpause(struct client *client, const char *pod_or_instance, client_done_fn *done,
		    void *arg);
/* A run of a CronJob, beside its schedule. */
void client_run_now(struct client *client, const char *cron, client_done_fn *done, void *arg);
/* Whether a supervisor is at the other end now. */
bool client_is_connected(const struct client *client);

void client_apply(struct client *client, client_done_fn *done, void *arg);
void client_down(struct client *client, bool with_volumes, client_done_fn *done, void *arg);
/* The same, and no container is waited for. */
void client_kill(struct client *client, client_done_fn *done, void *arg);

#endif
