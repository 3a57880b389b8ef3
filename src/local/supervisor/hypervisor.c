/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/hypervisor.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "local/supervisor/domain_work.h"
#include "local/supervisor/worker.h"
#include "local/vm/connection.h"
#include "local/vm/virt_loop.h"

enum { THREADS = 4, LOOK_MS = 3000, SOON_MS = 20, RECONNECT_MS = 1000, GOOD_BYE_S = 3 };

struct job;
typedef bool run_fn(struct job *job, struct error *err);	 /* on a thread */
typedef void end_fn(struct job *job, struct error *err_or_null); /* on the loop */

/* Work for a thread; owns all it reads. */
struct job {
	struct hypervisor *hypervisor;
	run_fn *run;
	end_fn *end;
	hypervisor_done_fn *done;
	void *arg;
	virConnectPtr connection; /* a reference; NULL: to be made */
	int event_id;
	bool is_broken;	       /* the connection, it turned out */
	bool keeps_connection; /* after its thread is done with it */
	unsigned generation;   /* of the connection */
	char *uri;
	char *scope;
	bool has_network;
	struct vm_plan vm;
	struct template_use use; /* of vm */
	hypervisor_created_fn *created;
	hypervisor_template_fn *step;
	struct template_work *work; /* borrowed */
	char uuid[UUID_SIZE];
	uint64_t number;
	uint64_t epoch;
	struct string_list known; /* UUIDs */
	struct domain_list domains;
	struct project_network network;
	bool has_clean_traffic;
	struct network_guard *guard;
	struct job *next;
};

struct hypervisor {
	struct loop *loop;
	struct worker *worker;
	char *scope;
	char *uri;
	bool has_network;
	struct hypervisor_handler handler;
	void *arg;
	virConnectPtr connection; /* NULL: lost */
	int event_id;
	unsigned generation; /* counts connections */
	bool is_connecting;
	int lost_fd; /* written to from any thread when libvirt says that a connection broke */
	struct loop_fd *lost;
	struct loop_timer *look;
	struct loop_timer *reconnect;
	uint64_t next_number;
	uint64_t epoch; /* grows when domains come and go: a list from before is stale */
	bool is_looking;
	bool is_failing;      /* and said so */
	bool has_new_network; /* not told yet */
	struct job *removal;  /* of the network, once the look that runs is over */
	struct job *jobs;
};

static void job_free(struct job *job)
{
	for (struct job **at = &job->hypervisor->jobs; *at != NULL; at = &(*at)->next) {
		if (*at == job) {
			*at = job->next;
			break;
		}
	}
	if (job->connection != NULL)
		(void)virConnectClose(job->connection);
	vm_plan_clear(&job->vm);
	template_use_clear(&job->use);
	domain_list_clear(&job->domains);
	string_list_clear(&job->known);
	project_network_clear(&job->network);
	free(job->uri);
	free(job->scope);
	free(job);
}

static struct job *job_new(struct hypervisor *hypervisor, run_fn *run, end_fn *end)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->hypervisor = hypervisor;
	job->run = run;
	job->end = end;
	job->event_id = -1;
	job->uri = xstrdup(hypervisor->uri);
	job->scope = xstrdup(hypervisor->scope);
	job->has_network = hypervisor->has_network;
	job->generation = hypervisor->generation;
	job->connection = hypervisor->connection;
	if (job->connection != NULL)
		(void)virConnectRef(job->connection);
	job->next = hypervisor->jobs;
	hypervisor->jobs = job;
	return job;
}

static bool on_thread(void *arg, struct error *err)
{
	struct job *job = arg;
	bool is_good = job->run(job, err);

	if (!is_good && job->connection != NULL)
		job->is_broken = virConnectIsAlive(job->connection) != 1;
	/* The last reference says good-bye to the daemon, which may not answer. */
	if (job->connection != NULL && !job->keeps_connection)
		(void)virConnectClose(TAKE_PTR(job->connection));
	return is_good;
}

static void on_loop(void *arg, struct error *err_or_null)
{
	struct job *job = arg;

	job->end(job, err_or_null);
	job_free(job);
}

static void submit(struct job *job)
{
	worker_submit(job->hypervisor->worker, on_thread, on_loop, job);
}

/* ---- the connection ---- */

static void on_closed(virConnectPtr connection, int reason, void *arg)
{
	const struct hypervisor *hypervisor = arg;
	const uint64_t one = 1;
	(void)connection;
	(void)reason;

	/* By whatever thread noticed. */
	if (write(hypervisor->lost_fd, &one, sizeof(one)) < 0)
		return; /* the next look notices as well */
}

static void on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
			 void *arg)
{
	struct hypervisor *hypervisor = arg;
	char uuid[VIR_UUID_STRING_BUFLEN];
	(void)connection;

	if (virDomainGetUUIDString(domain, uuid) < 0)
		return;
	if (event == VIR_DOMAIN_EVENT_STOPPED) {
		hypervisor->epoch++;
		(void)hypervisor_look(hypervisor);
	}
	hypervisor->handler.event(uuid, event, detail, hypervisor->arg);
}

static bool run_look(struct job *job, struct error *err)
{
	if (job->has_network) {
		if (!project_network_open(job->connection, job->scope, &job->network, err))
			return false;
		job->has_clean_traffic = project_network_has_filter(job->connection, CLEAN_TRAFFIC);
	}
	return domain_list_make(job->connection, job->scope, &job->known, &job->domains, err);
}

static bool run_connect(struct job *job, struct error *err)
{
	struct hypervisor *hypervisor = job->hypervisor;

	job->connection = connection_open(job->uri, err);
	if (job->connection == NULL)
		return false;
	if (virConnectRegisterCloseCallback(job->connection, on_closed, hypervisor, NULL) < 0)
		log_verbose("%s cannot say when its connection breaks", job->uri);
	job->event_id = virConnectDomainEventRegisterAny(
		job->connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		/* By way of the one type that compilers let become any other. */
		VIR_DOMAIN_EVENT_CALLBACK((void (*)(void))on_lifecycle), hypervisor, NULL);
	if (job->event_id < 0)
		return connection_error(err, "cannot watch the VMs");
	return run_look(job, err);
}

static bool run_close(struct job *job, struct error *err)
{
	(void)err;
	if (job->event_id >= 0)
		(void)virConnectDomainEventDeregisterAny(job->connection, job->event_id);
	job->event_id = -1;
	(void)virConnectUnregisterCloseCallback(job->connection, on_closed);
	return true;
}

static void end_close(struct job *job, struct error *err_or_null)
{
	(void)job;
	(void)err_or_null;
}

/* Hands the connection to a thread that says good-bye. */
static void give_away(struct hypervisor *hypervisor, virConnectPtr connection, int event_id)
{
	struct job *job = job_new(hypervisor, run_close, end_close);

	if (job->connection != NULL)
		(void)virConnectClose(job->connection); /* one of several references */
	job->connection = connection;
	job->event_id = event_id;
	submit(job);
}

static void fail(struct hypervisor *hypervisor, const char *why)
{
	if (hypervisor->is_failing)
		return;
	hypervisor->is_failing = true;
	hypervisor->handler.lost(why, hypervisor->arg);
}

static void lose(struct hypervisor *hypervisor, const char *why)
{
	if (hypervisor->connection != NULL) {
		virConnectPtr connection = TAKE_PTR(hypervisor->connection);
		give_away(hypervisor, connection, hypervisor->event_id);
		hypervisor->event_id = -1;
		hypervisor->generation++;
		hypervisor->is_looking = false;
	}
	loop_timer_cancel(hypervisor->look);
	loop_timer_set(hypervisor->reconnect, RECONNECT_MS);
	fail(hypervisor, why);
}

static void on_lost(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct hypervisor *hypervisor = arg;
	uint64_t count;
	(void)source;
	(void)events;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	/* Of the connection before? */
	if (hypervisor->connection != NULL && virConnectIsAlive(hypervisor->connection) != 1)
		lose(hypervisor, "the connection to libvirt broke; VMs go on, trying again");
}

static bool show(struct hypervisor *hypervisor, struct job *job, struct error *err)
{
	struct hypervisor_view view = {.number = job->number,
				       .domains = job->domains.items,
				       .count = job->domains.count,
				       .network = job->network,
				       .has_clean_traffic = job->has_clean_traffic};

	view.network.is_new = hypervisor->has_new_network;
	hypervisor->has_new_network = false;
	loop_timer_set(hypervisor->look, LOOK_MS);
	if (hypervisor->is_failing) {
		hypervisor->is_failing = false;
		hypervisor->handler.found(hypervisor->arg);
	}
	return hypervisor->handler.seen(&view, hypervisor->arg, err);
}

/* What is found later is said and looked at again. */
static void show_later(struct hypervisor *hypervisor, struct job *job)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (!show(hypervisor, job, &problem))
		fail(hypervisor, problem.message);
}

static void end_look(struct job *job, struct error *err_or_null)
{
	struct hypervisor *hypervisor = job->hypervisor;

	if (hypervisor->removal != NULL)
		submit(TAKE_PTR(hypervisor->removal));
	if (job->generation != hypervisor->generation)
		return; /* of a connection that broke */
	hypervisor->is_looking = false;
	hypervisor->has_new_network = hypervisor->has_new_network || job->network.is_new;
	if (err_or_null != NULL && job->is_broken) {
		lose(hypervisor, err_or_null->message);
	} else if (err_or_null != NULL) {
		fail(hypervisor, err_or_null->message);
		loop_timer_set(hypervisor->look, LOOK_MS);
	} else if (job->epoch != hypervisor->epoch) {
		loop_timer_set(hypervisor->look, SOON_MS);
	} else {
		show_later(hypervisor, job);
	}
}

static void on_look(struct loop_timer *timer, void *arg)
{
	struct hypervisor *hypervisor = arg;
	(void)timer;

	if (hypervisor->is_looking || hypervisor->connection == NULL)
		return;
	struct job *job = job_new(hypervisor, run_look, end_look);
	job->number = hypervisor->next_number++;
	job->epoch = hypervisor->epoch;
	if (hypervisor->handler.known != NULL)
		hypervisor->handler.known(&job->known, hypervisor->arg);
	hypervisor->is_looking = true;
	submit(job);
}

uint64_t hypervisor_look(struct hypervisor *hypervisor)
{
	if (hypervisor->connection != NULL)
		loop_timer_set(hypervisor->look, SOON_MS);
	return hypervisor->next_number;
}

/* Takes the connection over that a thread has made. */
static void take_connection(struct hypervisor *hypervisor, struct job *job)
{
	hypervisor->connection = TAKE_PTR(job->connection);
	hypervisor->event_id = job->event_id;
	job->event_id = -1;
	hypervisor->epoch++;
	hypervisor->has_new_network = hypervisor->has_new_network || job->network.is_new;
}

static void end_connect(struct job *job, struct error *err_or_null)
{
	struct hypervisor *hypervisor = job->hypervisor;

	hypervisor->is_connecting = false;
	if (err_or_null == NULL) {
		take_connection(hypervisor, job);
		show_later(hypervisor, job);
		return;
	}
	log_verbose("%s", err_or_null->message);
	if (job->connection != NULL) {
		give_away(hypervisor, TAKE_PTR(job->connection), job->event_id);
		job->event_id = -1;
	}
	loop_timer_set(hypervisor->reconnect, RECONNECT_MS);
}

static void on_reconnect(struct loop_timer *timer, void *arg)
{
	struct hypervisor *hypervisor = arg;
	(void)timer;

	if (hypervisor->connection != NULL || hypervisor->is_connecting)
		return;
	struct job *job = job_new(hypervisor, run_connect, end_connect);
	hypervisor->is_connecting = true;
	job->keeps_connection = true;
	job->number = hypervisor->next_number++;
	submit(job);
}

/* ---- acts ---- */

/* Like a VM that is created: what the network is now must be what it was planned for. */
static bool check_network(struct job *job, struct error *err)
{
	AUTO_FREE char *prefix = NULL;

	if (!job->has_network)
		return true;
	if (!project_network_open(job->connection, job->scope, &job->network, err))
		return false;
	prefix = xasprintf("10.77.%u.", job->network.subnet);
	return (!job->network.is_new && job->vm.address != NULL &&
		strncmp(job->vm.address, prefix, strlen(prefix)) == 0) ||
	       error_set(err, ERROR_NETWORK, "the project's network had gone; it is made again");
}

static bool run_create(struct job *job, struct error *err)
{
	return check_network(job, err) && network_guard_settle(job->guard, err) &&
	       domain_create(job->connection, &job->vm, &job->use, err);
}

static bool run_template(struct job *job, struct error *err)
{
	return job->step(job->connection, job->work, err);
}

static bool run_destroy(struct job *job, struct error *err)
{
	return domain_destroy(job->connection, job->uuid, err);
}

static bool run_suspend(struct job *job, struct error *err)
{
	return domain_suspend(job->connection, job->uuid, err);
}

static bool run_resume(struct job *job, struct error *err)
{
	return domain_resume(job->connection, job->uuid, err);
}

static bool run_remove_network(struct job *job, struct error *err)
{
	return !job->has_network || project_network_remove(job->connection, job->scope, err);
}

static void end_act(struct job *job, struct error *err_or_null)
{
	struct hypervisor *hypervisor = job->hypervisor;

	hypervisor->epoch++;
	hypervisor->has_new_network = hypervisor->has_new_network || job->network.is_new;
	(void)hypervisor_look(hypervisor);
	if (job->created != NULL)
		job->created(&job->use, err_or_null, job->arg);
	else
		job->done(err_or_null, job->arg);
}

static bool run_unconnected(struct job *job, struct error *err)
{
	(void)job;
	return error_set(err, ERROR_NETWORK, "there is no connection to libvirt");
}

static struct job *act(struct hypervisor *hypervisor, run_fn *run, const char *uuid,
		       hypervisor_done_fn *done, void *arg)
{
	struct job *job = job_new(hypervisor,
				  hypervisor->connection != NULL ? run : run_unconnected, end_act);

	job->done = done;
	job->arg = arg;
	if (uuid != NULL)
		memcpy(job->uuid, uuid, strnlen(uuid, UUID_SIZE - 1));
	return job;
}

void hypervisor_create(struct hypervisor *hypervisor, struct vm_plan *plan,
		       struct network_guard *guard, hypervisor_created_fn *done, void *arg)
{
	struct job *job = act(hypervisor, run_create, NULL, NULL, arg);

	job->created = done;
	job->vm = *plan;
	job->guard = guard;
	*plan = (struct vm_plan){0};
	submit(job);
}

void hypervisor_template(struct hypervisor *hypervisor, hypervisor_template_fn *step,
			 struct template_work *work, hypervisor_done_fn *done, void *arg)
{
	struct job *job = act(hypervisor, run_template, NULL, done, arg);

	job->step = step;
	job->work = work;
	submit(job);
}

void hypervisor_destroy(struct hypervisor *hypervisor, const char *uuid, hypervisor_done_fn *done,
			void *arg)
{
	submit(act(hypervisor, run_destroy, uuid, done, arg));
}

void hypervisor_suspend(struct hypervisor *hypervisor, const char *uuid, hypervisor_done_fn *done,
			void *arg)
{
	submit(act(hypervisor, run_suspend, uuid, done, arg));
}

void hypervisor_resume(struct hypervisor *hypervisor, const char *uuid, hypervisor_done_fn *done,
		       void *arg)
{
	submit(act(hypervisor, run_resume, uuid, done, arg));
}

void hypervisor_remove_network(struct hypervisor *hypervisor, hypervisor_done_fn *done, void *arg)
{
	struct job *job = act(hypervisor, run_remove_network, NULL, done, arg);

	/*
	 * A look makes the network where it is not: none comes later, and one that runs ends first.
	 */
	hypervisor->has_network = false;
	if (hypervisor->is_looking)
		hypervisor->removal = job;
	else
		submit(job);
}

bool hypervisor_is_connected(const struct hypervisor *hypervisor)
{
	return hypervisor->connection != NULL;
}

/* ---- life ---- */

static bool set_up(struct hypervisor *hypervisor, struct error *err)
{
	hypervisor->lost_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hypervisor->lost_fd < 0)
		return error_set_errno(err, errno, "cannot make an event descriptor");
	hypervisor->lost =
		loop_add_fd(hypervisor->loop, hypervisor->lost_fd, LOOP_READ, on_lost, hypervisor);
	hypervisor->look = loop_add_timer(hypervisor->loop, LOOK_MS, on_look, hypervisor);
	loop_timer_cancel(hypervisor->look);
	hypervisor->reconnect =
		loop_add_timer(hypervisor->loop, RECONNECT_MS, on_reconnect, hypervisor);
	loop_timer_cancel(hypervisor->reconnect);
	hypervisor->worker = worker_new(hypervisor->loop, THREADS, err);
	if (hypervisor->worker == NULL || !virt_loop_attach(hypervisor->loop, err))
		return false;
	connection_silence();
	return true;
}

bool hypervisor_connect(struct hypervisor *hypervisor, struct error *err)
{
	struct job *job = job_new(hypervisor, run_connect, end_connect);
	bool is_good = run_connect(job, err);

	job->number = hypervisor->next_number++;
	if (is_good) {
		take_connection(hypervisor, job);
		is_good = show(hypervisor, job, err);
	} else if (job->connection != NULL) {
		(void)run_close(job, NULL);
	}
	job_free(job);
	return is_good;
}

struct hypervisor *hypervisor_new(struct loop *loop, const char *scope, const char *uri,
				  const struct hypervisor_handler *handler, void *arg,
				  struct error *err)
{
	struct hypervisor *hypervisor = xcalloc(1, sizeof(*hypervisor));

	hypervisor->loop = loop;
	hypervisor->scope = xstrdup(scope);
	hypervisor->uri = xstrdup(uri);
	hypervisor->has_network = !connection_is_session(uri) && strncmp(uri, "test:", 5) != 0;
	hypervisor->handler = *handler;
	hypervisor->arg = arg;
	hypervisor->event_id = -1;
	hypervisor->lost_fd = -1;
	hypervisor->next_number = 1;
	if (!set_up(hypervisor, err)) {
		(void)hypervisor_free(hypervisor);
		return NULL;
	}
	return hypervisor;
}

static void *good_bye_main(void *arg)
{
	(void)on_thread(arg, NULL);
	return NULL;
}

/* Even this may hang. */
static bool say_good_bye(struct hypervisor *hypervisor)
{
	struct job *job = job_new(hypervisor, run_close, end_close);
	struct timespec end;
	pthread_t thread;

	(void)virConnectClose(TAKE_PTR(hypervisor->connection)); /* the job has a reference */
	job->event_id = hypervisor->event_id;
	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += GOOD_BYE_S;
	return pthread_create(&thread, NULL, good_bye_main, job) == 0 &&
	       pthread_timedjoin_np(thread, NULL, &end) == 0;
}

bool hypervisor_free(struct hypervisor *hypervisor)
{
	if (hypervisor == NULL)
		return true;
	if (hypervisor->look != NULL)
		loop_timer_remove(hypervisor->look);
	if (hypervisor->reconnect != NULL)
		loop_timer_remove(hypervisor->reconnect);
	loop_fd_remove(hypervisor->lost);
	if (!worker_free(hypervisor->worker))
		return false;
	if (hypervisor->connection != NULL && !say_good_bye(hypervisor))
		return false;
	while (hypervisor->jobs != NULL)
		job_free(hypervisor->jobs);
	auto_close(&hypervisor->lost_fd);
	free(hypervisor->scope);
	free(hypervisor->uri);
	free(hypervisor);
	return true;
}
