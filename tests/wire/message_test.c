/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of the agent channel: what one end writes the other reads. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "random.h"
#include "test.h"
#include "wire/event.h"
#include "wire/request.h"
#include "wire/stats.h"

#define ROUNDS 300

/* Texts of events reach terminals: without what is made harmless on the way. */
static char *plain_text(struct dice *dice)
{
	static const char *const texts[] = {"a", "x y\n\tz", "\u00e9\u20ac\U0001f600", "\"\\/"};
	return xstrdup(texts[throw_dice(dice, 4)]);
}

static const char *pick(struct dice *dice, const char *const *words, size_t count)
{
	return words[throw_dice(dice, count)];
}

static void random_event(struct dice *dice, struct guest_event *event, char **container,
			 char **message)
{
	static const char *const states[] = {"waiting", "running", "terminated"};
	static const char *const probes[] = {"startup", "readiness", "liveness"};
	static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed"};
	event->type = (enum guest_event_type)throw_dice(dice, GUEST_EVENT_OTHER);
	event->sequence = throw_dice(dice, INT64_MAX);
	event->time_ns = (int64_t)throw_dice(dice, INT64_MAX);
	bool is_container = event->type == GUEST_EVENT_CONTAINER;
	bool is_probe = event->type == GUEST_EVENT_PROBE;
	bool is_pod = event->type == GUEST_EVENT_POD;
	bool is_boot = event->type == GUEST_EVENT_BOOT;
	bool is_loss = event->type == GUEST_EVENT_LOSS;
	event->container = is_container || is_probe || is_loss ? *container : NULL;
	bool is_full = event->type == GUEST_EVENT_FULL;
	event->message =
		is_full || ((is_container || is_probe) && throw_bool(dice)) ? *message : NULL;
	event->stage = is_boot ? "layers" : NULL;
	event->uptime_ms = is_boot ? throw_dice(dice, 1000000) : 0;
	event->state = is_container ? pick(dice, states, 3) : NULL;
	event->reason = (is_container || is_pod) && throw_bool(dice) ? "Completed" : NULL;
	event->has_exit_code = (is_container || is_pod) && throw_bool(dice);
	event->exit_code = event->has_exit_code ? (int)throw_dice(dice, 256) : 0;
	event->signal = is_container ? (int)throw_dice(dice, 64) : 0;
	event->restarts = is_container ? (unsigned)throw_dice(dice, 1000) : 0;
	event->has_log_sequence = is_container && throw_bool(dice);
	event->log_sequence = event->has_log_sequence ? throw_dice(dice, 100000) : 0;
	event->next_ms = is_container ? throw_dice(dice, 1000) : 0;
	event->probe = is_probe ? pick(dice, probes, 3) : NULL;
	event->is_ok = (is_probe || event->type == GUEST_EVENT_READY) && throw_bool(dice);
	event->lines = is_loss ? throw_dice(dice, 1000) : 0;
	event->bytes = is_loss ? throw_dice(dice, 1000) : 0;
	event->phase = is_pod ? pick(dice, phases, 4) : NULL;
}

static void assert_same_event(const struct guest_event *a, const struct guest_event *b)
{
	ASSERT_SAME(type);
	ASSERT_SAME(sequence);
	ASSERT_SAME(time_ns);
	ASSERT_SAME_TEXT(container);
	ASSERT_SAME_TEXT(stage);
	ASSERT_SAME(uptime_ms);
	ASSERT_SAME_TEXT(state);
	ASSERT_SAME_TEXT(reason);
	ASSERT_SAME_TEXT(message);
	ASSERT_SAME(has_exit_code);
	ASSERT_SAME(exit_code);
	ASSERT_SAME(signal);
	ASSERT_SAME(restarts);
	ASSERT_SAME(has_log_sequence);
	ASSERT_SAME(log_sequence);
	ASSERT_SAME(next_ms);
	ASSERT_SAME_TEXT(probe);
	ASSERT_SAME(is_ok);
	ASSERT_SAME(lines);
	ASSERT_SAME(bytes);
	ASSERT_SAME_TEXT(phase);
}

static void events_read_as_they_were_written(void **state)
{
	struct dice dice = {4711};
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		AUTO_FREE char *container = random_label(&dice);
		AUTO_FREE char *message = plain_text(&dice);
		struct guest_event event = {0};
		struct guest_event again;
		struct guest_event_texts texts;
		AUTO(error_clear) struct error err = ERROR_INIT;
		random_event(&dice, &event, &container, &message);
		AUTO_FREE char *text = guest_event_write(&event);
		if (!guest_event_read(text, strlen(text), &texts, &again, &err))
			fail_msg("%s: %s", err.message, text);
		assert_same_event(&event, &again);
	}
}

static void assert_bad_event(const char *text, const char *why)
{
	struct guest_event event;
	struct guest_event_texts texts;
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(guest_event_read(text, strlen(text), &texts, &event, &err));
	assert_string_equal(err.message, why);
}

static void a_hostile_guests_events_are_refused_or_made_harmless(void **state)
{
	static const char escape[] =
		"{\"type\":\"probe\",\"container\":\"a\",\"probe\":\"liveness\","
		"\"message\":\"\\u001b]0;x\\u0007\\u009b\\u007f\"}";
	static const char newer[] = "{\"type\":\"new\",\"container\":7}";
	struct guest_event event;
	struct guest_event_texts texts;
	(void)state;
	assert_bad_event("[]", "EVENT: is not an object");
	assert_bad_event("{\"type\":\"container\",\"state\":\"running\"}",
			 "EVENT: 'container' is missing");
	assert_bad_event("{\"type\":\"container\",\"container\":\"../a\",\"state\":\"running\"}",
			 "EVENT: 'container' is no DNS label");
	assert_bad_event("{\"type\":\"pod\",\"phase\":\"Odd\"}",
			 "EVENT: 'phase' is none of Pending, Running, Succeeded, Failed");
	assert_bad_event("{\"type\":\"loss\",\"lines\":-1}",
			 "EVENT: 'lines' is not a whole number from 0 to 9223372036854775807");
	assert_true(guest_event_read(escape, strlen(escape), &texts, &event, NULL));
	assert_string_equal(event.message, "?]0;x????");
	assert_true(guest_event_read(newer, strlen(newer), &texts, &event, NULL));
	assert_int_equal(event.type, GUEST_EVENT_OTHER);
}

static void a_long_text_is_cut_between_characters(void **state)
{
	struct guest_event event = {
		.type = GUEST_EVENT_PROBE, .container = "a", .probe = "liveness"};
	struct guest_event again;
	struct guest_event_texts texts;
	char message[2 * GUEST_EVENT_MAX_TEXT + 1];
	(void)state;
	for (size_t i = 0; i + 3 <= sizeof(message) - 1; i += 3)
		memcpy(message + i, "\u20ac", 4);
	event.message = message;
	AUTO_FREE char *text = guest_event_write(&event);
	assert_true(guest_event_read(text, strlen(text), &texts, &again, NULL));
	assert_int_equal(strlen(again.message), GUEST_EVENT_MAX_TEXT / 3 * 3);
}

static void assert_same_container_stats(const struct guest_container_stats *a,
					const struct guest_container_stats *b)
{
	assert_string_equal(a->name, b->name);
	ASSERT_SAME(cpu_usec);
	ASSERT_SAME(memory_bytes);
	ASSERT_SAME(read_bytes);
	ASSERT_SAME(write_bytes);
	ASSERT_SAME(pids);
}

static void assert_same_stats(const struct guest_stats *a, const struct guest_stats *b)
{
	ASSERT_SAME(time_ns);
	ASSERT_SAME(memory_total_bytes);
	ASSERT_SAME(memory_available_bytes);
	ASSERT_SAME(memory_used_bytes);
	ASSERT_SAME(load1);
	ASSERT_SAME(rx_bytes);
	ASSERT_SAME(tx_bytes);
	ASSERT_SAME_LIST(containers, container_count, assert_same_container_stats);
}

static void stats_read_as_they_were_written(void **state)
{
	struct dice dice = {4712};
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		AUTO(guest_stats_clear)
		struct guest_stats stats = {.time_ns = (int64_t)throw_dice(&dice, INT64_MAX),
					    .memory_total_bytes = throw_dice(&dice, 1000),
					    .memory_available_bytes = throw_dice(&dice, 1000),
					    .memory_used_bytes = throw_dice(&dice, 1000),
					    .load1 = (double)throw_dice(&dice, 400) / 4.0,
					    .rx_bytes = throw_dice(&dice, INT64_MAX),
					    .tx_bytes = throw_dice(&dice, 1000)};
		AUTO(guest_stats_clear) struct guest_stats again = {0};
		for (uint64_t n = throw_dice(&dice, 4); n > 0; n--) {
			struct guest_container_stats *container =
				ARRAY_APPEND(stats.containers, stats.container_count);
			(void)snprintf(container->name, sizeof(container->name), "c%u",
				       (unsigned)n);
			container->cpu_usec = throw_dice(&dice, 1000);
			container->memory_bytes = throw_dice(&dice, 1000);
			container->read_bytes = throw_dice(&dice, 1000);
			container->write_bytes = throw_dice(&dice, 1000);
			container->pids = throw_dice(&dice, 1000);
		}
		AUTO_FREE char *text = guest_stats_write(&stats);
		assert_true(guest_stats_read(text, strlen(text), &again, NULL));
		assert_same_stats(&stats, &again);
	}
}

static void assert_same_start(const struct exec_start *a, const struct exec_start *b)
{
	ASSERT_SAME_TEXT(container);
	ASSERT_SAME_TEXTS(argv);
	ASSERT_SAME_TEXTS(env);
	ASSERT_SAME_TEXT(cwd);
	ASSERT_SAME_TEXT(user);
	ASSERT_SAME(has_tty);
	ASSERT_SAME(has_stdin);
	ASSERT_SAME(rows);
	ASSERT_SAME(columns);
	ASSERT_SAME(is_main);
	ASSERT_SAME(is_logged);
	ASSERT_SAME(is_privileged);
	ASSERT_SAME(has_entrypoint);
	ASSERT_SAME_TEXTS(entrypoint);
}

static void exec_starts_and_exits_read_as_they_were_written(void **state)
{
	struct dice dice = {4713};
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		AUTO(exec_start_clear)
		struct exec_start start = {.container = random_text_or_null(&dice),
					   .cwd = random_text_or_null(&dice),
					   .user = random_text_or_null(&dice),
					   .has_tty = throw_bool(&dice),
					   .has_stdin = throw_bool(&dice),
					   .rows = (uint16_t)throw_dice(&dice, 300),
					   .columns = (uint16_t)throw_dice(&dice, 300),
					   .is_main = throw_bool(&dice),
					   .is_logged = throw_bool(&dice),
					   .is_privileged = throw_bool(&dice),
					   .has_entrypoint = throw_bool(&dice)};
		AUTO(exec_start_clear) struct exec_start again = {0};
		if (!start.is_main || throw_bool(&dice))
			string_list_take(&start.argv, random_text(&dice));
		if (start.has_entrypoint)
			random_texts(&dice, &start.entrypoint);
		random_texts(&dice, &start.argv);
		random_texts(&dice, &start.env);
		AUTO_FREE char *text = exec_start_write(&start, NULL);
		assert_true(exec_start_read(text, strlen(text), &again, NULL));
		assert_same_start(&start, &again);

		AUTO(exec_exit_clear)
		struct exec_exit end = {.has_code = throw_bool(&dice),
					.signal = (int)throw_dice(&dice, 64),
					.error = random_text_or_null(&dice)};
		AUTO(exec_exit_clear) struct exec_exit same = {0};
		end.code = end.has_code ? (int)throw_dice(&dice, 256) : 0;
		AUTO_FREE char *exit_text = exec_exit_write(&end);
		assert_true(exec_exit_read(exit_text, strlen(exit_text), &same, NULL));
		assert_true(end.has_code == same.has_code && end.code == same.code);
		assert_int_equal(end.signal, same.signal);
		assert_same_text(end.error, same.error);
	}
}

static void what_cannot_be_run_is_refused(void **state)
{
	AUTO(exec_start_clear) struct exec_start start = {0};
	AUTO(exec_start_clear) struct exec_start empty = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_false(exec_start_read("{\"argv\":[]}", 11, &empty, &err));
	assert_string_equal(err.message, "nothing to run is given");
	error_clear(&err);
	string_list_add(&start.argv, "\xff");
	assert_null(exec_start_write(&start, &err));
	assert_string_equal(err.message, "the command is not valid UTF-8");
}

static void a_template_is_refused_or_not(void **state)
{
	AUTO_FREE char *refused = template_answer_write("its base is \"old\"");
	AUTO_FREE char *taken = template_answer_write(NULL);
	AUTO_FREE char *why = NULL;
	(void)state;
	assert_true(template_answer_read(refused, strlen(refused), &why, NULL));
	assert_string_equal(why, "its base is \"old\"");
	free(TAKE_PTR(why));
	assert_true(template_answer_read(taken, strlen(taken), &why, NULL));
	assert_null(why);
	assert_false(template_answer_read("{\"refused\":1}", 13, &why, NULL));
	assert_false(template_answer_read("", 0, &why, NULL));
}

static void small_messages_read_as_they_were_written(void **state)
{
	struct dice dice = {4714};
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		AUTO(hello_clear)
		struct hello hello = {.version = (int64_t)throw_dice(&dice, 9),
				      .state = random_label(&dice),
				      .boot = random_label(&dice),
				      .answers_pings = throw_bool(&dice),
				      .takes_touches = throw_bool(&dice),
				      .takes_holds = throw_bool(&dice),
				      .takes_templates = throw_bool(&dice)};
		AUTO(hello_clear) struct hello greeted = {0};
		AUTO_FREE char *hello_text = hello_write(&hello);
		assert_true(hello_read(hello_text, strlen(hello_text), &greeted, NULL));
		assert_true(hello.version == greeted.version &&
			    hello.answers_pings == greeted.answers_pings);
		assert_int_equal(hello.takes_touches, greeted.takes_touches);
		assert_int_equal(hello.takes_holds, greeted.takes_holds);
		assert_int_equal(hello.takes_templates, greeted.takes_templates);
		assert_string_equal(hello.state, greeted.state);
		assert_string_equal(hello.boot, greeted.boot);

		AUTO(tunnel_open_clear)
		struct tunnel_open open = {.service = random_text_or_null(&dice),
					   .port = (uint16_t)(1 + throw_dice(&dice, 65535))};
		AUTO(tunnel_open_clear) struct tunnel_open opened = {0};
		open.is_udp = open.service == NULL && throw_bool(&dice);
		AUTO_FREE char *open_text = tunnel_open_write(&open);
		assert_true(tunnel_open_read(open_text, strlen(open_text), &opened, NULL));
		assert_true(open.port == opened.port && open.is_udp == opened.is_udp);
		assert_same_text(open.service, opened.service);

		AUTO(file_push_clear)
		struct file_push push = {.volume = random_label(&dice),
					 .path = random_label(&dice),
					 .mode = 0644,
					 .is_deleted = throw_bool(&dice)};
		AUTO(file_push_clear) struct file_push pushed = {0};
		push.size_bytes = push.is_deleted ? 0 : throw_dice(&dice, INT64_MAX);
		push.mode = push.is_deleted ? 0644 : (unsigned)throw_dice(&dice, 010000);
		AUTO_FREE char *push_text = file_push_write(&push);
		assert_true(file_push_read(push_text, strlen(push_text), &pushed, NULL));
		assert_true(push.mode == pushed.mode && push.is_deleted == pushed.is_deleted &&
			    push.size_bytes == pushed.size_bytes);
		assert_string_equal(push.volume, pushed.volume);
		assert_string_equal(push.path, pushed.path);

		int64_t grace_s = (int64_t)throw_dice(&dice, 1000) - 1;
		int64_t asked_s = -7;
		AUTO_FREE char *shutdown_text = shutdown_write(grace_s);
		assert_true(shutdown_read(shutdown_text, strlen(shutdown_text), &asked_s, NULL));
		assert_int_equal(asked_s, grace_s);
	}
}

static void pushed_files_stay_in_their_volume(void **state)
{
	static const char *const bad[] = {
		"{\"volume\":\"v\",\"path\":\"../etc/passwd\"}",
		"{\"volume\":\"v\",\"path\":\"/etc/passwd\"}", "{\"volume\":\"..\",\"path\":\"a\"}",
		"{\"volume\":\"a/b\",\"path\":\"a\"}", "{\"volume\":\"v\"}"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct file_push push = {0};
		assert_false(file_push_read(bad[i], strlen(bad[i]), &push, NULL));
		assert_null(push.volume);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_read_as_they_were_written),
		cmocka_unit_test(a_hostile_guests_events_are_refused_or_made_harmless),
		cmocka_unit_test(a_long_text_is_cut_between_characters),
		cmocka_unit_test(stats_read_as_they_were_written),
		cmocka_unit_test(exec_starts_and_exits_read_as_they_were_written),
		cmocka_unit_test(what_cannot_be_run_is_refused),
		cmocka_unit_test(small_messages_read_as_they_were_written),
		cmocka_unit_test(a_template_is_refused_or_not),
		cmocka_unit_test(pushed_files_stay_in_their_volume),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
