/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { END_S = 3 };

struct task {
	worker_run_fn *run;
	worker_done_fn *done;
	void *job;
	bool is_ok;
	struct error error;
	struct task *next;
};

struct queue {
	struct task *first;
	struct task *last;
};

struct worker {
	pthread_mutex_t lock;
	pthread_cond_t has_work;
	struct queue waiting;
	struct queue finished;
	bool is_ending;
	int event_fd;
	struct loop_fd *source;
	pthread_t *threads;
	size_t thread_count;
	size_t pending; /* loop's thread only */
};

static void put(struct queue *queue, struct task *task)
{
	task->next = NULL;
	if (queue->last != NULL)
		queue->last->next = task;
	else
		queue->first = task;
	queue->last = task;
}

static struct task *take(struct queue *queue)
{
	struct task *task = queue->first;

	if (task == NULL)
		return NULL;
	queue->first = task->next;
	if (queue->first == NULL)
		queue->last = NULL;
	return task;
}

static struct task *wait_for_task(struct worker *worker)
{
	while (worker->waiting.first == NULL && !worker->is_ending)
		(void)pthread_cond_wait(&worker->has_work, &worker->lock);
	return worker->is_ending ? NULL : take(&worker->waiting);
}

static void *thread_main(void *arg)
{
	struct worker *worker = arg;
	const uint64_t one = 1;
	struct task *task;

	(void)pthread_mutex_lock(&worker->lock);
	while ((task = wait_for_task(worker)) != NULL) {
		(void)pthread_mutex_unlock(&worker->lock);
		task->is_ok = task->run(task->job, &task->error);
		(void)pthread_mutex_lock(&worker->lock);
		put(&worker->finished, task);
		if (write(worker->event_fd, &one, sizeof(one)) < 0)
			continue; /* cannot be: the counter would have to be full */
	}
	(void)pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static void on_finished(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct worker *worker = arg;
	uint64_t count;
	struct task *task;

	(void)source;
	(void)events;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	for (;;) {
		(void)pthread_mutex_lock(&worker->lock);
		task = take(&worker->finished);
		(void)pthread_mutex_unlock(&worker->lock);
		if (task == NULL)
			return;
		worker->pending--;
		task->done(task->job, task->is_ok ? NULL : &task->error);
		error_clear(&task->error);
		free(task);
	}
}

struct worker *worker_new(struct loop *loop, unsigned thread_count, struct error *err)
{
	struct worker *worker = xcalloc(1, sizeof(*worker));
	sigset_t all, before;

	(void)pthread_mutex_init(&worker->lock, NULL);
	(void)pthread_cond_init(&worker->has_work, NULL);
	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->event_fd < 0) {
		(void)error_set_errno(err, errno, "cannot make an event descriptor");
		free(worker);
		return NULL;
	}
	worker->source = loop_add_fd(loop, worker->event_fd, LOOP_READ, on_finished, worker);
	worker->threads = xcalloc(thread_count, sizeof(*worker->threads));
	/* Signals are the loop's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < thread_count; i++) {
		if (pthread_create(&worker->threads[worker->thread_count], NULL, thread_main,
				   worker) == 0)
			worker->thread_count++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (worker->thread_count == 0) {
		(void)error_set(err, ERROR_SYSTEM, "cannot start a thread");
		worker_free(worker);
		return NULL;
	}
	return worker;
}

void worker_submit(struct worker *worker, worker_run_fn *run, worker_done_fn *done, void *job)
{
	struct task *task = xcalloc(1, sizeof(*task));

	task->run = run;
	task->done = done;
	task->job = job;
	worker->pending++;
	(void)pthread_mutex_lock(&worker->lock);
	put(&worker->waiting, task);
	(void)pthread_cond_signal(&worker->has_work);
	(void)pthread_mutex_unlock(&worker->lock);
}

size_t worker_pending(const struct worker *worker)
{
	return worker->pending;
}

static void drop(struct queue *queue)
{
	struct task *task;

	while ((task = take(queue)) != NULL) {
		error_clear(&task->error);
		free(task);
	}
}

/* Whether all threads ended in time. */
static bool join_threads(struct worker *worker)
{
	struct timespec end;
	bool is_ended = true;

	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += END_S;
	for (size_t i = 0; i < worker->thread_count; i++)
		is_ended = pthread_timedjoin_np(worker->threads[i], NULL, &end) == 0 && is_ended;
	return is_ended;
}

bool worker_free(struct worker *worker)
{
	if (worker == NULL)
		return true;
	(void)pthread_mutex_lock(&worker->lock);
	worker->is_ending = true;
	(void)pthread_cond_broadcast(&worker->has_work);
	(void)pthread_mutex_unlock(&worker->lock);
	loop_fd_remove(TAKE_PTR(worker->source));
	if (!join_threads(worker))
		return false;
	drop(&worker->waiting);
	drop(&worker->finished);
	(void)close(worker->event_fd);
	(void)pthread_cond_destroy(&worker->has_work);
	(void)pthread_mutex_destroy(&worker->lock);
	free(worker->threads);
	free(worker);
	return true;
}
