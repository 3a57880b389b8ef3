/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/loop_timer.h"
#include "base/strbuf.h"
#include "guest/channel/output_stream.h"
#include "test.h"
#include "wire/log_record.h"

/* A stream whose writer is the test. What went into the ring is read as the host would. */
struct scene {
	struct loop *loop;
	struct log_ring *ring;
	struct output_stream *stream;
	int writer;
	struct strbuf seen; /* lines joined by |; ~ behind one that is not finished */
	uint64_t sequence;
};

static void take(struct scene *scene, const void *bytes, size_t size)
{
	struct wire_log_reader reader = WIRE_LOG_READER(bytes, size);
	struct wire_log_record line;
	AUTO(error_clear) struct error err = ERROR_INIT;
	while (wire_log_next(&reader, &line, &err)) {
		assert_true(line.sequence > scene->sequence);
		scene->sequence = line.sequence;
		strbuf_append_bytes(&scene->seen, line.text, line.text_size);
		strbuf_append_char(&scene->seen, line.is_partial ? '~' : '|');
	}
	assert_null(err.message);
}

static void on_appended(void *arg)
{
	struct scene *scene = arg;
	const void *bytes;
	size_t size;
	while (log_ring_next(scene->ring, &bytes, &size))
		take(scene, bytes, size);
	log_ring_acknowledge(scene->ring, scene->sequence);
}

static int begin(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));
	int pipe[2];
	scene->loop = loop_new(NULL);
	assert_non_null(scene->loop);
	assert_int_equal(pipe2(pipe, O_CLOEXEC | O_NONBLOCK), 0);
	scene->ring = log_ring_new(64 << 10);
	scene->writer = pipe[1];
	scene->stream = output_stream_new(scene->loop, pipe[0], scene->ring, "main",
					  WIRE_LOG_STDOUT, on_appended, scene);
	*state = scene;
	return 0;
}

static int end(void **state)
{
	struct scene *scene = *state;
	output_stream_free(scene->stream);
	log_ring_free(scene->ring);
	loop_free(scene->loop);
	(void)close(scene->writer);
	strbuf_clear(&scene->seen);
	free(scene);
	return 0;
}

static void on_over(struct loop_timer *timer, void *arg)
{
	loop_timer_remove(timer);
	loop_stop(arg, 0);
}

static void run(struct scene *scene, unsigned ms)
{
	(void)loop_add_timer(scene->loop, ms, on_over, scene->loop);
	(void)loop_run(scene->loop);
}

/* Until all of it is seen; a machine that stalls takes longer, and nothing else. */
static void wait_for(struct scene *scene, const char *wanted)
{
	for (int i = 0; i < 500 && strcmp(strbuf_text(&scene->seen), wanted) != 0; i++)
		run(scene, 20);
	assert_string_equal(strbuf_text(&scene->seen), wanted);
	strbuf_reset(&scene->seen);
}

static void write_text(struct scene *scene, const char *text)
{
	size_t size = strlen(text);
	assert_int_equal(write(scene->writer, text, size), (ssize_t)size);
}

static void expect(struct scene *scene, const char *wanted)
{
	assert_string_equal(strbuf_text(&scene->seen), wanted);
	strbuf_reset(&scene->seen);
}

static void a_prompt_shows_while_its_writer_waits(void **state)
{
	struct scene *scene = *state;
	write_text(scene, "first\nPassword: ");
	wait_for(scene, "first|Password: ~");
	write_text(scene, "typed\nnext\n");
	wait_for(scene, "typed|next|");
	run(scene, 200);
	expect(scene, "");
}

static void what_trickles_shows_too(void **state)
{
	struct scene *scene = *state;
	for (int i = 0; i < 6; i++) {
		write_text(scene, ".");
		run(scene, 40);
	}
	assert_true(scene->seen.size >= 2);
	write_text(scene, "\n");
	for (int i = 0; i < 500 && scene->seen.data[scene->seen.size - 1] != '|'; i++)
		run(scene, 20);
	assert_int_equal(scene->seen.data[scene->seen.size - 1], '|');
}

static void a_line_that_is_finished_in_time_is_one(void **state)
{
	struct scene *scene = *state;
	uint64_t begun_ms = clock_monotonic_ms();
	write_text(scene, "be");
	run(scene, 30);
	write_text(scene, "gun\nmore");
	run(scene, 20);
	/* A machine that stalled for longer was not in time. */
	bool is_in_time = clock_monotonic_ms() - begun_ms < 90;
	if (is_in_time)
		expect(scene, "begun|");
	strbuf_reset(&scene->seen);
	(void)close(take_fd(&scene->writer));
	run(scene, 20);
	output_stream_free(TAKE_PTR(scene->stream));
	on_appended(scene);
	if (is_in_time)
		assert_int_equal(scene->seen.data[scene->seen.size - 1], '|');
}

static void a_long_line_comes_in_pieces(void **state)
{
	struct scene *scene = *state;
	AUTO_FREE char *text = xcalloc(1, (20 << 10) + 2);
	memset(text, 'x', 20 << 10);
	text[20 << 10] = '\n';
	write_text(scene, text);
	for (int i = 0; i < 500 && scene->seen.size < (20 << 10) + 2; i++)
		run(scene, 20);
	assert_int_equal(scene->seen.size, (20 << 10) + 2);
	assert_int_equal(scene->seen.data[WIRE_LOG_PIECE], '~');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_prompt_shows_while_its_writer_waits, begin, end),
		cmocka_unit_test_setup_teardown(what_trickles_shows_too, begin, end),
		cmocka_unit_test_setup_teardown(a_line_that_is_finished_in_time_is_one, begin, end),
		cmocka_unit_test_setup_teardown(a_long_line_comes_in_pieces, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
