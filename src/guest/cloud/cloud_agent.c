/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cloud agent: what `i2kit up` is on a laptop, this is inside an instance. Finds the release in
 * instance metadata or on OpenStack's configuration drive, then is the host end of the agent channel on descriptor 0: hands the release
 * to init, stores its log lines with the cloud, tells the stack when the pod is ready. Started by
 * init where there is no channel and no configuration disk; dormant everywhere else.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/cloud/cloud_backend.h"
#include "guest/cloud/cloud_booted.h"
#include "guest/cloud/cloud_console.h"
#include "guest/cloud/cloud_find.h"
#include "guest/cloud/cloud_http.h"
#include "guest/cloud/cloud_logs.h"
#include "guest/cloud/cloud_names.h"
#include "guest/cloud/cloud_release.h"
#include "wire/booted.h"
#include "wire/event.h"
#include "wire/frame.h"

#define CHANNEL	  0
#define POLL_MS	  500
#define RETRY_MS  5000
#define STEADY_MS 3000
#define READ_SIZE 65536

struct agent {
	struct guest_cloud *cloud;
	struct guest_release release;
	struct cloud_logs *logs; /* NULL: nowhere to store */
	struct cloud_names *names;
	struct cloud_console *console; /* NULL: it has nothing to say there */
	struct wire_decoder *decoder;
	bool is_signalled;
	const char *signal;	     /* what the stack is to be told, or NULL */
	uint64_t ready_ms;	     /* since when it is ready; 0: it is not */
	bool is_ending;		     /* the pod is over: nothing is gathered any more */
	uint64_t retry_ms;	     /* not before */
	struct cloud_booted *booted; /* while the disk is being hashed, after the signal */
	bool has_hashed;
};

static void complain(const struct error *err)
{
	(void)fprintf(stderr, "i2kit: cloud agent: %s\n", err->message);
}

static bool send_message(enum wire_type type, const void *bytes, size_t size, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	wire_append(&out, type, 0, bytes, size);
	return fd_write_all(CHANNEL, out.data, out.size, err);
}

static bool greet(struct agent *agent, struct error *err)
{
	uint8_t nonce[WIRE_NONCE_SIZE];
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return error_set_errno(err, errno, "random bytes");
	wire_decoder_expect_hello(agent->decoder, nonce);
	wire_append_hello(&out, nonce, NULL);
	return fd_write_all(CHANNEL, out.data, out.size, err);
}

/*
 * Ready for a while: the stack may go on. Without a readiness probe a container is ready as soon as
 * it runs, and one that falls over at once should not pass for a success. Nor may the instances
 * that this one replaces go before its names are there.
 */
static void judge_readiness(struct agent *agent)
{
	if (agent->ready_ms > 0 && !agent->is_signalled && agent->signal == NULL &&
	    cloud_names_are_settled(agent->names) &&
	    clock_monotonic_ms() - agent->ready_ms >= STEADY_MS)
		agent->signal = "SUCCESS";
}

/* A pod that failed before that: the stack shall roll back now, not after its timeout. */
static void take_phase(struct agent *agent, const char *phase)
{
	bool is_over = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
	agent->is_ending = agent->is_ending || is_over;
	if (is_over && !agent->is_signalled)
		agent->signal = strcmp(phase, "Failed") == 0 ? "FAILURE" : "SUCCESS";
}

static void keep_names(struct agent *agent)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	cloud_names_want(agent->names, agent->ready_ms > 0 && !agent->is_ending);
	if (!cloud_names_step(agent->names, clock_monotonic_ms(), &err))
		complain(&err);
}

static void take_event(struct agent *agent, const struct wire_message *message)
{
	struct guest_event_texts texts;
	struct guest_event event;
	if (!guest_event_read(message->bytes, message->size, &texts, &event, NULL))
		return;
	if (event.type == GUEST_EVENT_READY) {
		agent->ready_ms = event.is_ok ? clock_monotonic_ms() : 0;
		/* The first time judge_readiness() waits. */
		if (agent->is_signalled && !agent->is_ending)
			cloud_console_say(agent->console,
					  event.is_ok ? CONSOLE_READY : CONSOLE_UNREADY, NULL,
					  clock_wall_ns());
	}
	if (event.type == GUEST_EVENT_POD)
		take_phase(agent, event.phase);
}

static bool acknowledge(uint64_t sequence, struct error *err)
{
	uint8_t bytes[8];
	bytes_put_u64(bytes, sequence);
	return send_message(WIRE_LOG_ACK, bytes, sizeof(bytes), err);
}

static bool take_log(struct agent *agent, const struct wire_message *message, struct error *err)
{
	struct wire_log_reader reader = WIRE_LOG_READER(message->bytes, message->size);
	uint64_t last = 0;
	struct wire_log_record record;
	while (wire_log_next(&reader, &record, NULL)) {
		last = record.sequence;
		if (agent->logs != NULL)
			cloud_logs_add(agent->logs, &record);
	}
	return agent->logs != NULL || acknowledge(last, err);
}

static bool send_logs(struct agent *agent, struct error *err)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	uint64_t sequence = 0;
	if (agent->logs == NULL || cloud_logs_is_empty(agent->logs) ||
	    (!agent->is_ending && !cloud_logs_is_due(agent->logs)))
		return true;
	if (cloud_logs_send(agent->logs, &sequence, &problem))
		return acknowledge(sequence, err);
	complain(&problem);
	agent->retry_ms = clock_monotonic_ms() + RETRY_MS;
	return true;
}

/* Where nobody can be called, whoever promotes reads the console. */
static void tell_console(struct agent *agent)
{
	bool is_good = strcmp(agent->signal, "SUCCESS") == 0;
	enum console_event good = agent->is_ending ? CONSOLE_DONE : CONSOLE_READY;

	cloud_console_say(agent->console, is_good ? good : CONSOLE_FAILED, NULL, clock_wall_ns());
	agent->is_signalled = true;
	agent->signal = NULL;
}

static void send_signal(struct agent *agent)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (agent->signal != NULL && agent->console != NULL) {
		tell_console(agent);
		return;
	}
	if (agent->signal == NULL || agent->release.signal_stack == NULL ||
	    agent->release.signal_resource == NULL)
		return;
	if (agent->cloud->backend->signal(agent->cloud, agent->release.signal_stack,
					  agent->release.signal_resource,
					  strcmp(agent->signal, "SUCCESS") == 0, &err)) {
		agent->is_signalled = true;
		agent->signal = NULL;
		return;
	}
	complain(&err);
	agent->retry_ms = clock_monotonic_ms() + RETRY_MS;
	/* A stack that waits for no signal refuses one: that is how a later replacement boots. */
	if (err.kind == ERROR_INVALID) {
		agent->is_signalled = true;
		agent->signal = NULL;
	}
}

/* A piece of the disk at a time, so that nothing else waits; true: there is more. */
static bool hash_disk(struct agent *agent)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_done = false;
	if (agent->has_hashed || !agent->is_signalled ||
	    (agent->logs == NULL && agent->console == NULL))
		return false;
	if (agent->booted == NULL)
		agent->booted = cloud_booted_new(&err);
	if (agent->booted != NULL && cloud_booted_step(agent->booted, &is_done, &err) && !is_done)
		return true;
	if (is_done) {
		char digest[72];
		cloud_booted_digest(agent->booted, digest);
		AUTO_FREE char *line = xasprintf(BOOTED_TEXT "%s", digest);
		if (agent->logs != NULL)
			cloud_logs_say(agent->logs, BOOTED_SOURCE, line);
		cloud_console_say(agent->console, CONSOLE_BOOTED, digest, clock_wall_ns());
	} else {
		complain(&err);
	}
	cloud_booted_free(TAKE_PTR(agent->booted));
	agent->has_hashed = true;
	return false;
}

static bool take_message(struct agent *agent, const struct wire_message *message, struct error *err)
{
	if (message->type == WIRE_HELLO)
		return send_message(WIRE_RELEASE, agent->release.document,
				    strlen(agent->release.document), err);
	if (message->type == WIRE_EVENT)
		take_event(agent, message);
	if (message->type == WIRE_LOG)
		return take_log(agent, message, err);
	return true;
}

static bool read_channel(struct agent *agent, struct error *err)
{
	static uint8_t buffer[READ_SIZE];
	ssize_t size = read(CHANNEL, buffer, sizeof(buffer));
	if (size <= 0)
		return error_set(err, ERROR_NETWORK, "init is gone");
	wire_decoder_feed(agent->decoder, buffer, (size_t)size);
	for (;;) {
		struct wire_message message;
		enum wire_result result = wire_decoder_next(agent->decoder, &message, err);
		if (result != WIRE_MESSAGE)
			return result == WIRE_NEED_MORE;
		if (!take_message(agent, &message, err))
			return false;
	}
}

static bool serve(struct agent *agent, struct error *err)
{
	agent->decoder = wire_decoder_new(WIRE_MAX_TO_HOST);
	if (!greet(agent, err))
		return false;
	for (;;) {
		struct pollfd wait = {.fd = CHANNEL, .events = POLLIN};
		/* While a batch is due and cannot be sent, init keeps its lines. */
		bool is_full = agent->logs != NULL && cloud_logs_is_due(agent->logs);
		bool must_wait = clock_monotonic_ms() < agent->retry_ms;
		bool has_more = hash_disk(agent);
		int ready = poll(&wait, is_full ? 0 : 1,
				 has_more || (is_full && !must_wait) ? 0 : POLL_MS);
		if (ready > 0 && !read_channel(agent, err))
			return false;
		keep_names(agent);
		cloud_console_step(agent->console, clock_monotonic_ms(), clock_wall_ns());
		if (clock_monotonic_ms() < agent->retry_ms)
			continue;
		judge_readiness(agent);
		send_signal(agent);
		if (!send_logs(agent, err))
			return false;
	}
}

/* For init, which has no TLS: descriptor 0 is a socket with the request. "!" begins an excuse. */
static int relay_tls(const char *host, const char *port_text)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint64_t port = 0;
	if (!parse_u64(port_text, 1, UINT16_MAX, &port))
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	if (cloud_tls_relay(host, (uint16_t)port, 0, &err))
		return 0;
	AUTO_FREE char *excuse = xasprintf("!%s", err.message);
	(void)!fd_write_all(0, excuse, strlen(excuse), NULL);
	return 1;
}

int main(int argc, char **argv)
{
	static struct agent agent;
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (argc == 4 && strcmp(argv[1], "tls") == 0)
		return relay_tls(argv[2], argv[3]);
	agent.cloud = cloud_find(&err);
	if (agent.cloud == NULL || !cloud_release_load(agent.cloud, &agent.release, &err)) {
		complain(&err);
		return 1;
	}
	if (agent.release.log_group != NULL && agent.release.pod != NULL)
		agent.logs =
			cloud_logs_new(agent.cloud, agent.release.log_group, agent.release.pod);
	agent.names = cloud_names_new(agent.cloud, agent.release.names_zone, &agent.release.names);
	if (agent.release.console_key != NULL)
		agent.console = cloud_console_new(STDERR_FILENO, agent.release.console_key,
						  agent.cloud->instance_id);
	if (!serve(&agent, &err))
		complain(&err);
	return 1;
}
