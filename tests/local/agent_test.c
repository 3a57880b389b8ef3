/* SPDX-License-Identifier: Apache-2.0 */
#include "local/agent/agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/agent/agent_stream.h"
#include "wire/frame.h"
#include "wire/log_record.h"

#include "test.h"

/* A guest in this process: the other end of a socket pair, driven by hand. */
struct bench {
	struct loop *loop;
	struct agent *agent;
	int guest_fd;
	struct wire_decoder *decoder; /* the guest's */
	bool is_up;
	bool is_down;
	char boot[64];
	char text[4096]; /* what handlers saw, one word after another */
	bool refuse_logs;
	bool free_in_event;
	struct agent_stream *tunnel;
};

static struct bench bench;

static void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *fmt, ...)
{
	size_t used = strlen(bench.text);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(bench.text + used, sizeof(bench.text) - used, fmt, args);
	va_end(args);
}

static void on_up(struct agent *agent, const char *state, const char *boot, void *arg)
{
	(void)agent;
	(void)arg;
	bench.is_up = true;
	(void)snprintf(bench.boot, sizeof(bench.boot), "%s/%s", state, boot);
}

static void on_down(struct agent *agent, const char *why, void *arg)
{
	(void)agent;
	(void)why;
	(void)arg;
	bench.is_down = true;
}

static void on_refused(struct agent *agent, const char *why, void *arg)
{
	(void)agent;
	(void)arg;
	note("refused: %s", why);
}

static void on_templated(struct agent *agent, const char *refusal_or_null, void *arg)
{
	(void)agent;
	(void)arg;
	note("[template %s]", refusal_or_null != NULL ? refusal_or_null : "ready");
}

static void on_event(struct agent *agent, const struct guest_event *event, void *arg)
{
	(void)arg;
	note("[%d %s %s]", (int)event->type, event->container != NULL ? event->container : "-",
	     event->reason != NULL ? event->reason : "-");
	if (bench.free_in_event) {
		agent_free(agent);
		bench.agent = NULL;
	}
}

static void on_stats(struct agent *agent, const struct guest_stats *stats, void *arg)
{
	(void)agent;
	(void)arg;
	note("[stats %llu %zu %s]", (unsigned long long)stats->memory_used_bytes,
	     stats->container_count, stats->container_count > 0 ? stats->containers[0].name : "-");
}

static bool on_log(struct agent *agent, const struct log_entry *records, size_t count, void *arg)
{
	(void)agent;
	(void)arg;
	for (size_t i = 0; i < count; i++)
		note("[%s: %.*s]", records[i].container, (int)records[i].size, records[i].text);
	return !bench.refuse_logs;
}

static void on_data(struct agent_stream *stream, bool is_stderr, const void *bytes, size_t size,
		    void *arg)
{
	(void)arg;
	note("[%s %.*s]", is_stderr ? "err" : "out", (int)(size < 20 ? size : 20),
	     (const char *)bytes);
	agent_stream_consumed(stream, size);
}

static void on_finished(struct agent_stream *stream, void *arg)
{
	(void)stream;
	(void)arg;
	note("[finished]");
}

static void on_closed(struct agent_stream *stream, const struct agent_stream_end *end, void *arg)
{
	(void)stream;
	(void)arg;
	note("[closed %d %d %s]", end->has_code ? end->code : -1, end->signal,
	     end->error != NULL ? end->error : "-");
}

static const struct agent_stream_handler stream_handler = {
	.data = on_data, .finished = on_finished, .closed = on_closed};

static void on_tunnel(struct agent *agent, struct agent_stream *stream, const char *service,
		      uint16_t port, void *arg)
{
	(void)agent;
	(void)arg;
	note("[tunnel %s:%u]", service, port);
	if (strcmp(service, "redis") == 0) {
		agent_stream_accept(stream, &stream_handler, NULL);
		bench.tunnel = stream;
	}
}

static const struct agent_handler handler = {
	.up = on_up,
	.refused = on_refused,
	.templated = on_templated,
	.down = on_down,
	.event = on_event,
	.stats = on_stats,
	.log = on_log,
	.tunnel = on_tunnel,
};

static void turn(void)
{
	for (int i = 0; i < 20; i++)
		loop_step(bench.loop, 1);
}

/* What the host sent: the next message, or fails. */
static void guest_expect(enum wire_type type, struct wire_message *ret)
{
	char bytes[65536];

	for (int i = 0; i < 200; i++) {
		enum wire_result result = wire_decoder_next(bench.decoder, ret, NULL);
		ssize_t got;
		if (result == WIRE_MESSAGE) {
			assert_int_equal(ret->type, type);
			return;
		}
		assert_int_equal(result, WIRE_NEED_MORE);
		loop_step(bench.loop, 1);
		got = recv(bench.guest_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got > 0)
			wire_decoder_feed(bench.decoder, bytes, (size_t)got);
	}
	fail_msg("the host did not send %s", wire_type_name(type));
}

static void guest_send(enum wire_type type, uint16_t stream, const void *bytes, size_t size)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	wire_append(&out, type, stream, bytes, size);
	for (int i = 0; i < 1000 && out.size > 0 && !bench.is_down; i++) {
		ssize_t put = send(bench.guest_fd, out.data, out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (put > 0)
			strbuf_consume(&out, (size_t)put);
		loop_step(bench.loop, 1);
	}
	turn();
}

static void guest_send_text(enum wire_type type, uint16_t stream, const char *text)
{
	guest_send(type, stream, text, strlen(text));
}

static int start(void **state)
{
	int fds[2];
	(void)state;

	memset(&bench, 0, sizeof(bench));
	bench.loop = loop_new(NULL);
	if (bench.loop == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	bench.guest_fd = fds[1];
	bench.decoder = wire_decoder_new(WIRE_MAX_TO_GUEST);
	wire_decoder_expect_hello(bench.decoder, NULL);
	bench.agent = agent_new_fd(bench.loop, "web-0", fds[0], &handler, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	agent_free(bench.agent);
	wire_decoder_free(bench.decoder);
	(void)close(bench.guest_fd);
	loop_free(bench.loop);
	return 0;
}

static void greet_with(const char *json)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct wire_message hello;

	guest_expect(WIRE_HELLO, &hello);
	assert_int_equal(hello.size, WIRE_GREETING_SIZE);
	/* The rest of a frame to an earlier host, thrown away by the host. */
	strbuf_append(&out, "\x10\x20rubbish of an earlier frame i2kit");
	wire_append_hello(&out, hello.bytes + WIRE_MAGIC_SIZE, json);
	assert_int_equal(send(bench.guest_fd, out.data, out.size, 0), out.size);
	turn();
}

static void greet(void)
{
	greet_with("{\"version\":1,\"state\":\"waiting\",\"boot\":\"b1\"}");
	assert_true(bench.is_up);
}

static void a_greeting_that_is_echoed_brings_it_up(void **state)
{
	(void)state;
	greet();
	assert_true(agent_is_up(bench.agent));
	assert_string_equal(bench.boot, "waiting/b1");
}

static void a_guest_of_either_version_is_heard(void **state)
{
	(void)state;
	greet_with("{\"version\":2,\"state\":\"waiting\",\"boot\":\"b2\"}");
	assert_true(bench.is_up);
}

static void another_version_of_the_protocol_is_refused(void **state)
{
	(void)state;
	greet_with("{\"version\":3}");
	assert_false(bench.is_up);
	assert_non_null(strstr(bench.text, "refused: the guest speaks version 3"));
	assert_int_equal(agent_get_state(bench.agent), AGENT_CONNECTING);
}

static void a_guest_that_falls_silent_is_noticed(void **state)
{
	struct wire_message message;
	(void)state;

	greet_with("{\"version\":2,\"state\":\"running\",\"ping\":true}");
	assert_int_equal(agent_ping(bench.agent), 0);
	guest_expect(WIRE_PING, &message);
	assert_int_equal(agent_ping(bench.agent), 1);
	assert_int_equal(agent_ping(bench.agent), 2);
	guest_send(WIRE_PONG, 0, "", 0);
	turn();
	assert_int_equal(agent_ping(bench.agent), 0);
	assert_true(agent_is_up(bench.agent));
}

static void a_guest_of_before_is_not_asked_whether_it_lives(void **state)
{
	(void)state;

	greet();
	for (int i = 0; i < 5; i++)
		assert_int_equal(agent_ping(bench.agent), 0);
	turn();
	assert_true(agent_is_up(bench.agent));
}

static void a_guest_is_asked_to_get_ready_to_be_saved(void **state)
{
	AUTO_FREE char *refusal = template_answer_write("no");
	AUTO_FREE char *answer = template_answer_write(NULL);
	struct wire_message message;
	(void)state;

	greet_with("{\"version\":2,\"state\":\"waiting\",\"template\":true}");
	assert_true(agent_send_template(bench.agent, NULL));
	guest_expect(WIRE_TEMPLATE, &message);
	assert_int_equal(message.size, 0);
	guest_send_text(WIRE_TEMPLATE, 0, refusal);
	guest_send_text(WIRE_TEMPLATE, 0, answer);
	assert_string_equal(bench.text, "[template no][template ready]");
	guest_send_text(WIRE_TEMPLATE, 0, "ready");
	assert_true(bench.is_down);
}

static void a_guest_of_before_is_no_template(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	greet();
	assert_false(agent_send_template(bench.agent, &err));
	assert_int_equal(err.kind, ERROR_UNSUPPORTED);
}

/* What it may say at once is said; the rest waits in its channel, and other work goes on. */
static void a_guest_that_floods_events_is_listened_to_at_a_pace(void **state)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	static const char event[] = "{\"type\":\"loss\",\"container\":\"web\",\"lines\":1}";
	size_t sent = 0;
	(void)state;

	greet();
	while (out.size < (size_t)AGENT_SAYS_AT_ONCE * 2)
		wire_append_text(&out, WIRE_EVENT, 0, event);
	uint64_t end_ms = clock_monotonic_ms() + 300;
	while (clock_monotonic_ms() < end_ms) {
		ssize_t put = send(bench.guest_fd, out.data + sent, out.size - sent,
				   MSG_NOSIGNAL | MSG_DONTWAIT);
		sent += put > 0 ? (size_t)put : 0;
		loop_step(bench.loop, 1);
		bench.text[0] = '\0';
	}
	struct agent_counters counters;
	agent_get_counters(bench.agent, &counters);
	assert_true(agent_is_up(bench.agent));
	assert_in_range(counters.received_bytes, 100000, AGENT_SAYS_AT_ONCE + 200000);
	assert_true(sent < out.size);
}

static void nothing_can_be_sent_before_the_greeting(void **state)
{
	struct error err = ERROR_INIT;
	(void)state;

	assert_false(agent_send_release(bench.agent, "{}", &err));
	assert_int_equal(err.kind, ERROR_NETWORK);
	error_clear(&err);
}

static void append_line(struct strbuf *out, uint64_t sequence, const char *container,
			const char *text)
{
	const struct wire_log_record record = {.sequence = sequence,
					       .wall_ns = 5,
					       .container = container,
					       .container_size = (uint8_t)strlen(container),
					       .text = text,
					       .text_size = strlen(text)};

	wire_log_append(out, &record);
}

static void stored_lines_are_acknowledged_once(void **state)
{
	AUTO(strbuf_clear) struct strbuf lines = STRBUF_INIT;
	struct wire_message ack;
	(void)state;

	greet();
	append_line(&lines, 1, "nginx", "one");
	append_line(&lines, 2, "nginx", "two");
	guest_send(WIRE_LOG, 0, lines.data, lines.size);
	guest_expect(WIRE_LOG_ACK, &ack);
	assert_int_equal(bytes_get_u64(ack.bytes), 2);
	/* Sent again after a reconnect: not stored again. */
	append_line(&lines, 3, "nginx", "three");
	guest_send(WIRE_LOG, 0, lines.data, lines.size);
	guest_expect(WIRE_LOG_ACK, &ack);
	assert_int_equal(bytes_get_u64(ack.bytes), 3);
	assert_string_equal(bench.text, "[nginx: one][nginx: two][nginx: three]");
}

static void lines_that_were_not_stored_are_not_acknowledged(void **state)
{
	AUTO(strbuf_clear) struct strbuf lines = STRBUF_INIT;
	struct wire_message message;
	(void)state;

	greet();
	bench.refuse_logs = true;
	append_line(&lines, 1, "nginx", "one");
	guest_send(WIRE_LOG, 0, lines.data, lines.size);
	assert_true(agent_send_time(bench.agent, 1, NULL));
	guest_expect(WIRE_TIME, &message);
}

static void lines_of_no_container_end_the_connection(void **state)
{
	AUTO(strbuf_clear) struct strbuf lines = STRBUF_INIT;
	(void)state;

	greet();
	append_line(&lines, 1, "../../etc", "one");
	guest_send(WIRE_LOG, 0, lines.data, lines.size);
	assert_true(bench.is_down);
	assert_string_equal(bench.text, "");
}

static void events_arrive_as_plain_values(void **state)
{
	(void)state;
	greet();
	guest_send_text(WIRE_EVENT, 0,
			"{\"seq\":1,\"timeNs\":2,\"type\":\"container\",\"container\":\"nginx\","
			"\"state\":\"terminated\",\"reason\":\"OOMKilled\",\"restarts\":1}");
	guest_send_text(WIRE_EVENT, 0, "{\"seq\":2,\"type\":\"from-the-future\"}");
	guest_send_text(WIRE_STATS, 0,
			"{\"memory\":{\"usedBytes\":7},\"containers\":{\"nginx\":{\"pids\":1}}}");
	assert_string_equal(bench.text, "[1 nginx OOMKilled][stats 7 1 nginx]");
	assert_false(bench.is_down);
	guest_send_text(WIRE_STATS, 0, "{\"containers\":{\"\\u001b[2J\":{}}}");
	assert_true(bench.is_down);
}

static void control_characters_in_events_reach_no_terminal(void **state)
{
	(void)state;
	greet();
	guest_send_text(WIRE_EVENT, 0,
			"{\"type\":\"container\",\"container\":\"nginx\",\"state\":\"running\","
			"\"reason\":\"a\\u001b[2Jb\\u009b1mc\\u007fd\\r\"}");
	assert_string_equal(bench.text, "[1 nginx a?[2Jb??1mc?d?]");
}

static void malformed_events_end_the_connection(void **state)
{
	struct agent_counters counters;
	(void)state;

	greet();
	guest_send_text(WIRE_EVENT, 0, "{\"type\":\"container\",\"container\":7}");
	assert_true(bench.is_down);
	agent_get_counters(bench.agent, &counters);
	assert_int_equal(counters.violations, 1);
}

static void messages_that_are_the_hosts_end_the_connection(void **state)
{
	(void)state;
	greet();
	guest_send_text(WIRE_RELEASE, 0, "{}");
	assert_true(bench.is_down);
}

static void a_handler_may_free_the_agent(void **state)
{
	(void)state;
	greet();
	bench.free_in_event = true;
	guest_send_text(WIRE_EVENT, 0, "{\"type\":\"ready\",\"ready\":true}");
	assert_null(bench.agent);
}

static struct agent_stream *start_exec(uint16_t *ret_id)
{
	AUTO(exec_start_clear)
	struct exec_start exec = {.container = xstrdup("nginx"), .has_stdin = true};
	struct agent_stream *stream;
	struct wire_message message;

	string_list_add(&exec.argv, "sh");
	stream = agent_exec(bench.agent, &exec, &stream_handler, NULL, NULL);
	assert_non_null(stream);
	guest_expect(WIRE_EXEC_START, &message);
	assert_memory_equal(message.bytes, "{\"container\":\"nginx\",\"argv\":[\"sh\"]", 33);
	*ret_id = message.stream;
	return stream;
}

static void exec_passes_input_output_and_the_exit_code(void **state)
{
	struct agent_stream *stream;
	struct wire_message message;
	uint16_t id;
	(void)state;

	greet();
	stream = start_exec(&id);
	agent_stream_write(stream, "input", 5);
	guest_expect(WIRE_EXEC_STDIN, &message);
	assert_int_equal(message.size, 5);
	agent_stream_finish(stream);
	guest_expect(WIRE_EXEC_STDIN, &message);
	assert_int_equal(message.size, 0);
	guest_send_text(WIRE_EXEC_STDOUT, id, "hello");
	guest_send_text(WIRE_EXEC_STDERR, id, "oops");
	guest_send_text(WIRE_EXEC_EXIT, id, "{\"code\":3}");
	assert_string_equal(bench.text, "[out hello][err oops][closed 3 0 -]");
}

static void a_guest_that_overruns_the_window_is_cut(void **state)
{
	static char bytes[WIRE_START_WINDOW + 1];
	struct error err = ERROR_INIT;
	uint16_t id;
	(void)state;

	greet();
	(void)start_exec(&id);
	guest_send(WIRE_EXEC_STDOUT, id, bytes, sizeof(bytes));
	assert_true(bench.is_down);
	assert_non_null(strstr(bench.text, "[closed -1 0 more bytes than the window allows]"));
	error_clear(&err);
}

static void windows_are_given_back_as_bytes_are_consumed(void **state)
{
	static char bytes[65536];
	struct wire_message message;
	uint16_t id;
	(void)state;

	greet();
	(void)start_exec(&id);
	memset(bytes, 'x', sizeof(bytes));
	for (int i = 0; i < 20; i++) {
		guest_send(WIRE_EXEC_STDOUT, id, bytes, sizeof(bytes));
		guest_expect(WIRE_WINDOW, &message);
		assert_int_equal(bytes_get_u32(message.bytes), sizeof(bytes));
	}
	assert_false(bench.is_down);
}

static void a_guest_cannot_give_more_window_than_was_taken(void **state)
{
	uint8_t more[4];
	uint16_t id;
	(void)state;

	greet();
	(void)start_exec(&id);
	bytes_put_u32(more, 1);
	guest_send(WIRE_WINDOW, id, more, sizeof(more));
	assert_true(bench.is_down);
}

static void a_tunnel_is_closed_when_both_sides_have_finished(void **state)
{
	struct agent_stream *stream;
	struct wire_message message;
	(void)state;

	greet();
	stream = agent_tunnel(bench.agent, 80, false, &stream_handler, NULL, NULL);
	guest_expect(WIRE_TUNNEL_OPEN, &message);
	guest_send_text(WIRE_TUNNEL_DATA, message.stream, "answer");
	guest_send_text(WIRE_TUNNEL_CLOSE, message.stream, "");
	assert_string_equal(bench.text, "[out answer][finished]");
	agent_stream_write(stream, "late", 4);
	agent_stream_finish(stream);
	agent_stream_abort(stream, NULL);
	guest_expect(WIRE_TUNNEL_DATA, &message);
	guest_expect(WIRE_TUNNEL_CLOSE, &message);
	assert_int_equal(message.size, 0);
	assert_true(agent_send_time(bench.agent, 1, NULL));
	guest_expect(WIRE_TIME, &message);
}

static void guests_open_tunnels_to_services_that_exist(void **state)
{
	struct wire_message message;
	(void)state;

	greet();
	guest_send_text(WIRE_TUNNEL_OPEN, 0x8001, "{\"service\":\"redis\",\"port\":6379}");
	guest_send_text(WIRE_TUNNEL_DATA, 0x8001, "PING");
	guest_send_text(WIRE_TUNNEL_OPEN, 0x8002, "{\"service\":\"other\",\"port\":1}");
	assert_string_equal(bench.text, "[tunnel redis:6379][out PING][tunnel other:1]");
	guest_expect(WIRE_TUNNEL_CLOSE, &message);
	assert_int_equal(message.stream, 0x8002);
	assert_true(message.size > 0);
	agent_stream_abort(bench.tunnel, NULL);
}

static void a_guest_that_never_reads_does_not_make_the_queue_grow(void **state)
{
	static char release[(size_t)12 << 20];
	struct error err = ERROR_INIT;
	int sent = 0;
	(void)state;

	greet();
	memset(release, 'x', sizeof(release) - 1);
	while (sent < 10 && agent_send_release(bench.agent, release, &err))
		sent++;
	assert_int_equal(sent, 3);
	assert_int_equal(err.kind, ERROR_FULL);
	error_clear(&err);
}

static void a_vm_that_goes_away_ends_its_streams(void **state)
{
	uint16_t id;
	(void)state;

	greet();
	(void)start_exec(&id);
	(void)close(bench.guest_fd);
	turn();
	assert_true(bench.is_down);
	assert_string_equal(bench.text, "[closed -1 0 the VM closed the channel]");
	bench.guest_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_greeting_that_is_echoed_brings_it_up),
		TEST(a_guest_of_either_version_is_heard),
		TEST(another_version_of_the_protocol_is_refused),
		TEST(a_guest_that_falls_silent_is_noticed),
		TEST(a_guest_that_floods_events_is_listened_to_at_a_pace),
		TEST(a_guest_of_before_is_not_asked_whether_it_lives),
		TEST(a_guest_is_asked_to_get_ready_to_be_saved),
		TEST(a_guest_of_before_is_no_template),
		TEST(nothing_can_be_sent_before_the_greeting),
		TEST(stored_lines_are_acknowledged_once),
		TEST(lines_that_were_not_stored_are_not_acknowledged),
		TEST(lines_of_no_container_end_the_connection),
		TEST(events_arrive_as_plain_values),
		TEST(control_characters_in_events_reach_no_terminal),
		TEST(malformed_events_end_the_connection),
		TEST(messages_that_are_the_hosts_end_the_connection),
		TEST(a_handler_may_free_the_agent),
		TEST(exec_passes_input_output_and_the_exit_code),
		TEST(a_guest_that_overruns_the_window_is_cut),
		TEST(windows_are_given_back_as_bytes_are_consumed),
		TEST(a_guest_cannot_give_more_window_than_was_taken),
		TEST(a_tunnel_is_closed_when_both_sides_have_finished),
		TEST(guests_open_tunnels_to_services_that_exist),
		TEST(a_guest_that_never_reads_does_not_make_the_queue_grow),
		TEST(a_vm_that_goes_away_ends_its_streams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
