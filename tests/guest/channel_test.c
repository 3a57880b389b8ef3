/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop.h"
#include "guest/channel/event_limit.h"
#include "guest/channel/events.h"
#include "test.h"
#include "wire/event.h"
#include "wire/frame.h"

/* The guest's channel on one end of a socket pair; the test is the host. */
struct scene {
	struct loop *loop;
	struct channel *channel;
	struct events *events;
	struct wire_decoder *decoder;
	int host;
	unsigned ups;
	unsigned downs;
	unsigned messages;
};

static char *greeting(const uint8_t *nonce, void *arg)
{
	(void)nonce;
	(void)arg;
	return xstrdup("{\"version\":2}");
}

static void on_up(void *arg)
{
	struct scene *scene = arg;
	scene->ups++;
	events_replay(scene->events);
}

static void on_down(void *arg)
{
	((struct scene *)arg)->downs++;
}

static void on_message(const struct wire_message *message, void *arg)
{
	struct scene *scene = arg;
	scene->messages++;
	if (message->type == WIRE_PING)
		channel_send(scene->channel, WIRE_PONG, 0, "", 0);
}

static void on_drained(void *arg)
{
	events_pump(((struct scene *)arg)->events);
}

static int begin(void **state)
{
	static const struct channel_handler handler = {.greeting = greeting,
						       .up = on_up,
						       .down = on_down,
						       .message = on_message,
						       .drained = on_drained};
	struct scene *scene = xcalloc(1, sizeof(*scene));
	int pair[2];
	scene->loop = loop_new(NULL);
	assert_non_null(scene->loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	scene->events = events_new();
	scene->host = pair[1];
	scene->decoder = wire_decoder_new(WIRE_MAX_TO_HOST);
	scene->channel = channel_new(scene->loop, pair[0], &handler, scene);
	events_set_channel(scene->events, scene->channel);
	*state = scene;
	return 0;
}

static int end(void **state)
{
	struct scene *scene = *state;
	channel_free(scene->channel);
	events_free(scene->events);
	wire_decoder_free(scene->decoder);
	loop_free(scene->loop);
	if (scene->host >= 0)
		(void)close(scene->host);
	free(scene);
	return 0;
}

static void send_frame(struct scene *scene, enum wire_type type, const void *bytes, size_t size)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	wire_append(&out, type, 0, bytes, size);
	assert_int_equal(send(scene->host, out.data, out.size, 0), (ssize_t)out.size);
}

static void send_hello(struct scene *scene)
{
	uint8_t hello[WIRE_GREETING_SIZE] = {0};
	memcpy(hello, WIRE_MAGIC, WIRE_MAGIC_SIZE);
	memset(hello + WIRE_MAGIC_SIZE, 7, WIRE_GREETING_SIZE - WIRE_MAGIC_SIZE);
	wire_decoder_expect_hello(scene->decoder, hello + WIRE_MAGIC_SIZE);
	send_frame(scene, WIRE_HELLO, hello, sizeof(hello));
}

static void step(struct scene *scene)
{
	char bytes[8192];
	for (int i = 0; i < 5; i++)
		loop_step(scene->loop, 1);
	for (ssize_t size = recv(scene->host, bytes, sizeof(bytes), MSG_DONTWAIT); size > 0;
	     size = recv(scene->host, bytes, sizeof(bytes), MSG_DONTWAIT))
		wire_decoder_feed(scene->decoder, bytes, (size_t)size);
}

/* Types of the messages that came, one letter each: h hello, p pong, e event. */
static char *heard(struct scene *scene)
{
	struct strbuf out = STRBUF_INIT;
	struct wire_message message;
	step(scene);
	while (wire_decoder_next(scene->decoder, &message, NULL) == WIRE_MESSAGE)
		strbuf_append_char(&out, message.type == WIRE_HELLO   ? 'h'
					 : message.type == WIRE_PONG  ? 'p'
					 : message.type == WIRE_EVENT ? 'e'
								      : '?');
	return strbuf_take(&out);
}

static void expect_heard(struct scene *scene, const char *wanted)
{
	AUTO_FREE char *got = heard(scene);
	assert_string_equal(got, wanted);
}

static void nothing_is_said_before_the_hello(void **state)
{
	struct scene *scene = *state;
	events_boot(scene->events, "kernel");
	expect_heard(scene, "");
	send_hello(scene);
	expect_heard(scene, "he");
	assert_int_equal(scene->ups, 1);
}

static void a_new_host_hears_all_events_again(void **state)
{
	struct scene *scene = *state;
	events_boot(scene->events, "kernel");
	events_full(scene->events, "full");
	send_hello(scene);
	expect_heard(scene, "hee");
	send_hello(scene);
	expect_heard(scene, "hee");
	assert_int_equal(scene->ups, 2);
	assert_int_equal(scene->downs, 1);
}

/* What a template said is not said again by what goes on from it. */
static void events_of_another_life_are_forgotten(void **state)
{
	struct scene *scene = *state;
	events_boot(scene->events, "kernel");
	send_hello(scene);
	expect_heard(scene, "he");
	events_forget(scene->events);
	events_rebase(scene->events);
	send_hello(scene);
	expect_heard(scene, "h");
	events_boot(scene->events, "restored");
	struct wire_message message;
	step(scene);
	assert_int_equal(wire_decoder_next(scene->decoder, &message, NULL), WIRE_MESSAGE);
	struct guest_event_texts texts;
	struct guest_event event;
	assert_true(guest_event_read(message.bytes, message.size, &texts, &event, NULL));
	assert_int_equal(event.sequence, 1);
	assert_true(event.uptime_ms < 5000);
}

static void a_broken_frame_ends_the_conversation_until_a_hello(void **state)
{
	struct scene *scene = *state;
	send_hello(scene);
	expect_heard(scene, "h");
	send_frame(scene, WIRE_PING, "", 0);
	expect_heard(scene, "p");
	static const uint8_t bad[8] = {0, 0, 0, 0, 200};
	assert_int_equal(send(scene->host, bad, sizeof(bad), 0), (ssize_t)sizeof(bad));
	step(scene);
	assert_int_equal(scene->downs, 1);
	assert_false(channel_is_up(scene->channel));
	send_hello(scene);
	expect_heard(scene, "h");
}

/* As a virtio port does when data overtake the word that a host has come. */
static void an_end_right_behind_a_hello_does_not_take_the_answer(void **state)
{
	struct scene *scene = *state;
	events_boot(scene->events, "kernel");
	send_hello(scene);
	assert_int_equal(shutdown(scene->host, SHUT_WR), 0);
	expect_heard(scene, "he");
}

/* The HELLOs of hosts that went lay there unread when the last one's came behind them. */
static void of_hosts_that_greeted_the_last_is_answered(void **state)
{
	struct scene *scene = *state;
	uint8_t old[WIRE_GREETING_SIZE] = {0};
	memcpy(old, WIRE_MAGIC, WIRE_MAGIC_SIZE);
	send_frame(scene, WIRE_HELLO, old, sizeof(old));
	send_frame(scene, WIRE_HELLO, old, sizeof(old));
	send_hello(scene);
	expect_heard(scene, "h");
	send_frame(scene, WIRE_PING, "", 0);
	expect_heard(scene, "p");
}

static void the_hosts_end_is_seen(void **state)
{
	struct scene *scene = *state;
	send_hello(scene);
	expect_heard(scene, "h");
	(void)close(take_fd(&scene->host));
	for (int i = 0; i < 5; i++)
		loop_step(scene->loop, 1);
	assert_int_equal(scene->downs, 1);
	channel_drain(scene->channel, 10);
}

static void long_messages_are_cut_in_whole_characters(void **state)
{
	struct scene *scene = *state;
	struct guest_event event = {0};
	struct guest_event_texts texts;
	struct wire_message message;
	AUTO_FREE char *text = xcalloc(1, 8001);
	memset(text, 'a', 8000);
	memcpy(text + GUEST_EVENT_MAX_TEXT - 1, "\xc3\xa4", 2); /* over the limit by one byte */
	send_hello(scene);
	expect_heard(scene, "h");
	events_full(scene->events, text);
	step(scene);
	assert_int_equal(wire_decoder_next(scene->decoder, &message, NULL), WIRE_MESSAGE);
	assert_true(message.size < 1200);
	assert_true(guest_event_read(message.bytes, message.size, &texts, &event, NULL));
	assert_int_equal(strlen(event.message), GUEST_EVENT_MAX_TEXT - 1);
}

static struct kubelet_action probe(bool is_ok, char *message)
{
	return (struct kubelet_action){.type = ACTION_REPORT_PROBE,
				       .probe = PROBE_READINESS,
				       .is_ok = is_ok,
				       .exit_code = -1,
				       .message = message};
}

static void a_probe_that_repeats_itself_is_heard_once_a_second(void **state)
{
	struct scene *scene = *state;
	char name[] = "main";
	char refused[] = "connect: Connection refused";
	char bad[] = "HTTP 500";
	struct container_image container = {.name = name};
	struct pod_image pod = {.containers = &container, .container_count = 1};
	send_hello(scene);
	expect_heard(scene, "h");
	for (int i = 0; i < 100; i++) {
		struct kubelet_action action = probe(false, refused);
		events_report(scene->events, &pod, &action);
	}
	expect_heard(scene, "e");
	struct kubelet_action other = probe(false, bad);
	events_report(scene->events, &pod, &other);
	struct kubelet_action good = probe(true, bad);
	events_report(scene->events, &pod, &good);
	expect_heard(scene, "ee");
}

static void the_limit_knows_each_probe_and_time(void **state)
{
	struct event_limit limit = {0};
	struct guest_event event = {.message = "no"};
	(void)state;
	assert_true(event_limit_passes(&limit, 0, 0, &event, 100));
	assert_false(event_limit_passes(&limit, 0, 0, &event, 1099));
	assert_true(event_limit_passes(&limit, 0, 1, &event, 1099));
	assert_true(event_limit_passes(&limit, 1, 0, &event, 1099));
	assert_true(event_limit_passes(&limit, 0, 0, &event, 1100));
	event.is_ok = true;
	assert_true(event_limit_passes(&limit, 0, 0, &event, 1101));
	assert_true(event_limit_passes(&limit, POD_MAX_CONTAINERS, 0, &event, 1101));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_said_before_the_hello, begin, end),
		cmocka_unit_test_setup_teardown(a_new_host_hears_all_events_again, begin, end),
		cmocka_unit_test_setup_teardown(events_of_another_life_are_forgotten, begin, end),
		cmocka_unit_test_setup_teardown(a_broken_frame_ends_the_conversation_until_a_hello,
						begin, end),
		cmocka_unit_test_setup_teardown(the_hosts_end_is_seen, begin, end),
		cmocka_unit_test_setup_teardown(
			an_end_right_behind_a_hello_does_not_take_the_answer, begin, end),
		cmocka_unit_test_setup_teardown(of_hosts_that_greeted_the_last_is_answered, begin,
						end),
		cmocka_unit_test_setup_teardown(long_messages_are_cut_in_whole_characters, begin,
						end),
		cmocka_unit_test_setup_teardown(a_probe_that_repeats_itself_is_heard_once_a_second,
						begin, end),
		cmocka_unit_test(the_limit_knows_each_probe_and_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
