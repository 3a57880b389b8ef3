/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/image_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fence.h"
#include "base/message_socket.h"
#include "base/process_child.h"
#include "image/oci/credential_find.h"
#include "image/oci/docker_config.h"
#include "image/pod/image_message.h"
#include "image/pod/image_places.h"

enum { LOOK_MS = 100, TELL_MS = 20, END_MS = 3000 };

static bool send_message(int fd, const struct image_message *message)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	image_message_write(message, &out);
	return message_send(fd, &out, NULL);
}

static bool receive_message(int fd, struct image_message *ret, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;

	if (!message_receive(fd, IMAGE_MESSAGE_MAX, &bytes, &size, err))
		return error_prefix(err, "the process that reads images");
	bool is_read = image_message_read(bytes, size, ret, err);
	explicit_bzero(bytes, size);
	return is_read;
}

/* ---- in the process ---- */

struct inside {
	const struct image_process *process;
	image_job_fn *job;
	void *arg;
	const struct fence *fence;
	int fd;
	uint64_t told_ms;
};

static void tell(const struct progress_event *event, void *arg)
{
	struct inside *inside = arg;
	uint64_t now_ms = clock_monotonic_ms();
	struct image_message message = {
		.kind = IMAGE_PROGRESS,
		.state = event->state,
		.unit = event->unit,
		.done = event->done,
		.total = event->total,
	};

	if (event->state == PROGRESS_UPDATE && now_ms < inside->told_ms + TELL_MS)
		return;
	inside->told_ms = now_ms;
	message.texts[0] = xstrdup(event->step != NULL ? event->step : "");
	message.texts[1] = xstrdup(event->what != NULL ? event->what : "");
	message.texts[2] = xstrdup_or_null(event->text);
	message.texts[3] = xstrdup_or_null(event->of);
	(void)!send_message(inside->fd, &message);
	image_message_clear(&message);
}

/* The other end says so by sending no more. */
static bool is_cancelled(void *arg)
{
	const struct inside *inside = arg;
	char byte;

	return recv(inside->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static bool ask(const char *host, const char *name, struct credential *ret, void *arg,
		struct error *err)
{
	const struct inside *inside = arg;
	AUTO(image_message_clear) struct image_message question = {.kind = IMAGE_ASK};
	AUTO(image_message_clear) struct image_message answer = {0};

	question.texts[0] = xstrdup(host);
	question.texts[1] = xstrdup(name);
	if (!send_message(inside->fd, &question) || !receive_message(inside->fd, &answer, err))
		return error_set(err, ERROR_CANCELLED, "interrupted");
	if (answer.kind == IMAGE_FAILED) {
		(void)error_set(err, answer.error, "%s", answer.texts[0]);
		return answer.texts[1] == NULL ? false : error_hint(err, "%s", answer.texts[1]);
	}
	ret->username = TAKE_PTR(answer.texts[0]);
	ret->password = TAKE_PTR(answer.texts[1]);
	ret->identity_token = TAKE_PTR(answer.texts[2]);
	ret->file = TAKE_PTR(answer.texts[3]);
	return true;
}

/* Clouds' keys are none of its business; where they stood, nothing stands. */
static void forget_secrets(void)
{
	static const char *const ends[] = {"TOKEN", "SECRET", "PASSWORD", "KEY", "KEY_ID"};

	for (char **at = environ; at != NULL && *at != NULL; at++) {
		char *value = strchr(*at, '=');
		size_t length = value != NULL ? (size_t)(value - *at) : 0;
		for (size_t i = 0; i < ARRAY_SIZE(ends) && value != NULL; i++) {
			size_t size = strlen(ends[i]);
			if (length >= size && strncmp(value - size, ends[i], size) == 0)
				explicit_bzero(value + 1, strlen(value + 1));
		}
	}
}

static void run_inside(int fd, void *arg)
{
	struct inside *inside = arg;
	const struct progress progress = {
		.emit = tell, .arg = inside, .is_cancelled = is_cancelled};
	AUTO(image_message_clear) struct image_message end = {.kind = IMAGE_MADE};
	AUTO(error_clear) struct error problem = ERROR_INIT;

	inside->fd = fd;
	forget_secrets();
	credential_ask_of(ask, inside);
	if (!fence_enter(inside->fence, &problem) ||
	    !inside->job(inside->arg, &progress, &end.words, &problem)) {
		end.kind = IMAGE_FAILED;
		end.error = problem.kind;
		end.texts[0] = xstrdup(problem.message != NULL ? problem.message : "failed");
		end.texts[1] = xstrdup_or_null(problem.hint);
	}
	(void)!send_message(fd, &end);
}

/* ---- outside ---- */

static bool answer(int fd, const struct image_message *question)
{
	AUTO(image_message_clear) struct image_message answer = {.kind = IMAGE_CREDENTIAL};
	AUTO(credential_clear) struct credential credential = {0};
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (credential_find(question->texts[0], question->texts[1], &credential, &problem)) {
		answer.texts[0] = TAKE_PTR(credential.username);
		answer.texts[1] = TAKE_PTR(credential.password);
		answer.texts[2] = TAKE_PTR(credential.identity_token);
		answer.texts[3] = TAKE_PTR(credential.file);
	} else {
		answer.kind = IMAGE_FAILED;
		answer.error = problem.kind;
		answer.texts[0] = xstrdup(problem.message);
		answer.texts[1] = xstrdup_or_null(problem.hint);
	}
	return send_message(fd, &answer);
}

static void show(const struct progress *progress, const struct image_message *message)
{
	const struct progress_event event = {
		.state = message->state,
		.step = message->texts[0],
		.what = message->texts[1],
		.text = message->texts[2],
		.of = message->texts[3],
		.unit = message->unit,
		.done = message->done,
		.total = message->total,
	};

	if (progress != NULL && progress->emit != NULL)
		progress->emit(&event, progress->arg);
}

/* The process, as seen from here. */
struct listening {
	const struct progress *progress;
	int fd;
	pid_t pid;
	uint64_t cancelled_ms; /* when it was asked to end; 0: it was not */
	bool was_killed;
};

/* Something that a stranger wrote may keep it from looking: then it goes without being asked. */
static void cancel(struct listening *listening)
{
	uint64_t now_ms = clock_monotonic_ms();

	if (listening->cancelled_ms == 0 && progress_is_cancelled(listening->progress)) {
		listening->cancelled_ms = now_ms;
		(void)shutdown(listening->fd, SHUT_WR);
	} else if (listening->cancelled_ms > 0 && !listening->was_killed &&
		   now_ms > listening->cancelled_ms + END_MS) {
		listening->was_killed = true;
		(void)kill(listening->pid, SIGKILL);
	}
}

/* Waits for something to read; meanwhile somebody may want it to stop. */
static void await(struct listening *listening)
{
	struct pollfd poll_fd = {.fd = listening->fd, .events = POLLIN};

	for (;;) {
		int ready = poll(&poll_fd, 1, LOOK_MS);
		cancel(listening);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return;
	}
}

static bool take_end(struct image_message *end, struct string_list *ret, struct error *err)
{
	if (end->kind == IMAGE_MADE) {
		*ret = end->words;
		end->words = STRING_LIST_INIT;
		return true;
	}
	(void)error_set(err, end->error, "%s", end->texts[0]);
	return end->texts[1] == NULL ? false : error_hint(err, "%s", end->texts[1]);
}

static bool listen_to(struct listening *listening, struct string_list *ret, struct error *err)
{
	for (;;) {
		AUTO(image_message_clear) struct image_message message = {0};
		await(listening);
		if (!receive_message(listening->fd, &message, err))
			return false;
		if (message.kind == IMAGE_PROGRESS)
			show(listening->progress, &message);
		else if (message.kind == IMAGE_ASK && answer(listening->fd, &message))
			continue;
		else if (message.kind == IMAGE_MADE || message.kind == IMAGE_FAILED)
			return take_end(&message, ret, err);
	}
}

/* It may have said nothing any more because it was killed. */
static bool tell_end(int status, struct error *err)
{
	if (!WIFSIGNALED(status))
		return false;
	error_clear(err);
	(void)error_set(err, ERROR_SYSTEM,
			"the process that reads images was killed by signal %d (%s)",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	return WTERMSIG(status) != SIGKILL
		       ? false
		       : error_hint(err, "the kernel kills what needs more memory than there is");
}

bool image_process_run(const struct image_process *process, image_job_fn *job, void *arg,
		       struct string_list *ret_words, struct error *err)
{
	AUTO(image_places_clear) struct image_places places = {0};
	AUTO_CLOSE int fd = -1;
	pid_t pid = -1;

	if (!image_places_find(process, &places, err))
		return false;
	const struct fence fence = {.writes = &places.writes,
				    .reads = &places.reads,
				    .programs = &places.programs,
				    .may_use_files = places.has_daemon};
	struct inside inside = {.process = process, .job = job, .arg = arg, .fence = &fence};
	if (!process_child_start(run_inside, &inside, &pid, &fd, err))
		return false;
	struct listening listening = {.progress = process->progress, .fd = fd, .pid = pid};
	bool is_made = listen_to(&listening, ret_words, err);
	/* One that does not end by itself has nothing more to say. */
	if (!is_made)
		(void)shutdown(fd, SHUT_RDWR);
	const int status = process_child_wait(pid);
	if (listening.was_killed) {
		error_clear(err);
		return error_set(err, ERROR_CANCELLED, "interrupted");
	}
	return is_made || tell_end(status, err);
}
