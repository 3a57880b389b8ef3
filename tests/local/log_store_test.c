/* SPDX-License-Identifier: Apache-2.0 */
#include "local/logs/log_store.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "local/agent/log_entry.h"
#include "local/logs/log_reader.h"
#include "local/logs/log_segment.h"
#include "local/logs/log_store_append.h"
#include "local/plan/state.h"

#include "test.h"

/* Saves at once what the supervisor saves within a second. */
static void start_run(struct log_store *store, const char *instance, const char *container)
{
	struct log_unsaved unsaved;

	log_store_start_run(store, instance, container, "boot-1", NULL);
	while (log_store_take_unsaved(store, &unsaved)) {
		log_unsaved_write(&unsaved);
		log_unsaved_clear(&unsaved);
	}
}

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/i2kit-log-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return path_remove_tree(folder, NULL) ? 0 : -1;
}

static struct log_store *open_store(uint64_t instance_bytes)
{
	const struct log_store_options options = {.folder = folder,
						  .instance_bytes = instance_bytes};
	struct log_store *store = log_store_open("shop", &options, NULL);

	assert_non_null(store);
	return store;
}

static void put(struct log_store *store, const char *instance, const char *container,
		const char *text, int64_t time_ns, uint64_t guest_sequence)
{
	char pod[64];
	const struct log_entry entry = {.guest_sequence = guest_sequence,
					.time_ns = time_ns,
					.container = container,
					.text = text,
					.size = strlen(text)};

	(void)snprintf(pod, sizeof(pod), "%.*s", (int)(strrchr(instance, '-') - instance),
		       instance);
	assert_true(log_store_append(store, pod, instance, "boot-1", &entry, 1, NULL));
}

static struct log_reader *open_reader(const char *selector)
{
	struct log_filter filter = {0};
	struct log_reader *reader;

	if (selector != NULL)
		string_list_add(&filter.selectors, selector);
	reader = log_reader_open("shop", folder, &filter, NULL);
	string_list_clear(&filter.selectors);
	assert_non_null(reader);
	return reader;
}

static void expect_next(struct log_reader *reader, const char *text)
{
	struct log_line line;

	if (text == NULL) {
		assert_false(log_reader_next(reader, &line));
		return;
	}
	assert_true(log_reader_next(reader, &line));
	assert_int_equal(line.size, strlen(text));
	assert_memory_equal(line.text, text, line.size);
}

static void expect_previous(struct log_reader *reader, const char *text)
{
	struct log_line line;

	if (text == NULL) {
		assert_false(log_reader_previous(reader, &line));
		return;
	}
	assert_true(log_reader_previous(reader, &line));
	assert_int_equal(line.size, strlen(text));
	assert_memory_equal(line.text, text, line.size);
}

static void lines_of_instances_merge_by_time_both_ways(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	(void)state;

	put(store, "web-0", "nginx", "a", 1000, 1);
	put(store, "web-0", "nginx", "d", 4000, 2);
	put(store, "db-0", "pg", "b", 2000, 1);
	put(store, "db-0", "pg", "c", 3000, 2);
	reader = open_reader(NULL);
	expect_next(reader, "a");
	expect_next(reader, "b");
	expect_previous(reader, "b");
	expect_next(reader, "b");
	expect_next(reader, "c");
	expect_next(reader, "d");
	expect_next(reader, NULL);
	expect_previous(reader, "d");
	expect_previous(reader, "c");
	expect_previous(reader, "b");
	expect_previous(reader, "a");
	expect_previous(reader, NULL);
	log_reader_close(reader);
	log_store_close(store);
}

static void selectors_name_pods_instances_and_containers(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	(void)state;

	put(store, "web-0", "nginx", "a", 1000, 1);
	put(store, "web-1", "sidecar", "b", 2000, 1);
	put(store, "webhook-0", "x", "c", 3000, 1);
	reader = open_reader("web");
	expect_next(reader, "a");
	expect_next(reader, "b");
	expect_next(reader, NULL);
	log_reader_close(reader);
	reader = open_reader("web-1");
	expect_next(reader, "b");
	expect_next(reader, NULL);
	log_reader_close(reader);
	reader = open_reader("web/nginx");
	expect_next(reader, "a");
	expect_next(reader, NULL);
	log_reader_close(reader);
	log_store_close(store);
}

static void selectors_can_be_listed(void **state)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	struct log_store *store = open_store(0);
	(void)state;

	start_run(store, "web-0", "nginx");
	put(store, "web-0", "nginx", "a", 1000, 1);
	start_run(store, "db-0", "silent");
	log_store_list_selectors("shop", folder, &list);
	assert_int_equal(list.count, 8);
	assert_true(string_list_has(&list, "web"));
	assert_true(string_list_has(&list, "web-0/nginx"));
	/* Of one that has not written yet, too. */
	assert_true(string_list_has(&list, "db"));
	assert_true(string_list_has(&list, "db/silent"));
	log_store_close(store);
}

static void a_follower_sees_new_lines_and_new_instances(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	struct pollfd ready = {.events = POLLIN};
	(void)state;

	put(store, "web-0", "nginx", "a", 1000, 1);
	reader = open_reader(NULL);
	ready.fd = log_reader_watch_fd(reader);
	assert_true(ready.fd >= 0);
	expect_next(reader, "a");
	expect_next(reader, NULL);
	assert_int_equal(poll(&ready, 1, 0), 0);
	put(store, "web-0", "nginx", "b", 2000, 2);
	assert_int_equal(poll(&ready, 1, 1000), 1);
	expect_next(reader, "b");
	expect_next(reader, NULL);
	put(store, "db-0", "pg", "c", 3000, 1);
	assert_int_equal(poll(&ready, 1, 1000), 1);
	expect_next(reader, "c");
	expect_next(reader, NULL);
	put(store, "db-0", "pg", "d", 4000, 2);
	assert_int_equal(poll(&ready, 1, 1000), 1);
	expect_next(reader, "d");
	log_reader_close(reader);
	log_store_close(store);
}

static void a_position_is_found_by_time_sequence_and_tail(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	struct log_line line;
	char text[16];
	(void)state;

	for (int i = 0; i < 100; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		put(store, i % 2 == 0 ? "web-0" : "db-0", "c", text, 1000 * (i + 1), 0);
	}
	reader = open_reader(NULL);
	log_reader_seek_time(reader, 50000);
	expect_next(reader, "49");
	log_reader_seek_sequence(reader, 31);
	assert_true(log_reader_next(reader, &line));
	assert_int_equal(line.sequence, 31);
	log_reader_seek_tail(reader, 2);
	expect_next(reader, "96");
	expect_next(reader, "97");
	expect_next(reader, "98");
	expect_next(reader, "99");
	expect_next(reader, NULL);
	log_reader_seek_tail_since(reader, 2, 99000);
	expect_next(reader, "98");
	expect_next(reader, "99");
	expect_next(reader, NULL);
	log_reader_seek_tail_since(reader, 1, 1000);
	expect_next(reader, "98");
	expect_next(reader, "99");
	log_reader_seek_time(reader, 1000000);
	expect_next(reader, NULL);
	log_reader_close(reader);
	log_store_close(store);
}

static char *only_segment(const char *instance)
{
	AUTO_FREE char *path = path_join(folder, instance);
	char name[LOG_SEGMENT_NAME_SIZE];
	size_t count;
	AUTO_FREE uint64_t *list = log_segment_list(path, &count);

	assert_int_equal(count, 1);
	log_segment_name(name, list[0]);
	return path_join(path, name);
}

static void a_torn_tail_costs_only_its_own_record(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	AUTO_FREE char *path = NULL;
	struct stat status;
	(void)state;

	put(store, "web-0", "nginx", "whole", 1000, 1);
	put(store, "web-0", "nginx", "torn", 2000, 2);
	log_store_close(store);
	path = only_segment("web-0");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size - 9), 0);
	store = open_store(0);
	assert_int_equal(log_store_guest_position(store, "web-0", "boot-1"), 1);
	put(store, "web-0", "nginx", "after", 3000, 2);
	reader = open_reader(NULL);
	expect_next(reader, "whole");
	expect_next(reader, "after");
	expect_next(reader, NULL);
	expect_previous(reader, "after");
	expect_previous(reader, "whole");
	log_reader_close(reader);
	log_store_close(store);
}

static void a_reopened_store_goes_on_where_it_stopped(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	struct log_line line;
	uint64_t first;
	(void)state;

	put(store, "web-0", "nginx", "a", 1000, 7);
	log_store_close(store);
	store = open_store(0);
	assert_int_equal(log_store_guest_position(store, "web-0", "boot-1"), 7);
	assert_int_equal(log_store_guest_position(store, "web-0", "boot-2"), 0);
	put(store, "web-0", "nginx", "b", 500, 8);
	reader = open_reader(NULL);
	assert_true(log_reader_next(reader, &line));
	first = line.sequence;
	assert_true(log_reader_next(reader, &line));
	assert_true(line.sequence > first);
	assert_int_equal(line.time_ns, 1000);
	assert_int_equal(line.lost_before, 0);
	log_reader_close(reader);
	log_store_close(store);
}

static void a_second_writer_is_refused(void **state)
{
	const struct log_store_options options = {.folder = folder};
	struct log_store *store = open_store(0);
	struct error err = ERROR_INIT;
	(void)state;

	assert_null(log_store_open("shop", &options, &err));
	assert_int_equal(err.kind, ERROR_BUSY);
	error_clear(&err);
	log_store_close(store);
}

static void a_noisy_pod_loses_only_its_own_lines(void **state)
{
	struct log_store *store = open_store((uint64_t)2 << 20);
	struct log_store_counters counters;
	struct log_reader *reader;
	struct log_line line;
	static char noise[10000];
	uint64_t count = 0;
	(void)state;

	memset(noise, 'n', sizeof(noise) - 1);
	put(store, "quiet-0", "c", "still here", 1000, 1);
	for (uint64_t i = 0; i < 1000; i++)
		put(store, "noisy-0", "c", noise, 2000, i + 1);
	log_store_get_counters(store, &counters);
	assert_true(counters.stored_bytes <= ((uint64_t)2 << 20) + 1000);
	reader = open_reader(NULL);
	expect_next(reader, "still here");
	while (log_reader_next(reader, &line))
		count++;
	assert_true(count >= 90 && count < 210);
	assert_int_equal(log_reader_removed_lines(reader), 1000 - count);
	log_reader_close(reader);
	log_store_close(store);
}

static void a_reader_that_is_too_slow_sees_how_much_it_missed(void **state)
{
	struct log_store *store = open_store((uint64_t)2 << 20);
	struct log_reader *reader;
	struct log_line line;
	static char noise[10000];
	uint64_t seen = 1;
	(void)state;

	memset(noise, 'n', sizeof(noise) - 1);
	put(store, "noisy-0", "c", "first", 1000, 1);
	reader = open_reader(NULL);
	expect_next(reader, "first");
	expect_next(reader, NULL);
	for (uint64_t i = 0; i < 1000; i++)
		put(store, "noisy-0", "c", noise, 2000, i + 2);
	while (log_reader_next(reader, &line))
		seen += 1 + line.lost_before;
	assert_int_equal(seen, 1001);
	log_reader_close(reader);
	log_store_close(store);
}

static size_t count_segments(const char *instance)
{
	AUTO_FREE char *path = path_join(folder, instance);
	size_t count;

	free(log_segment_list(path, &count));
	return count;
}

/* Files that may not grow stand for a disk that is full. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static unsigned times_said;

static void on_said(bool is_losing, const char *text, void *arg)
{
	(void)arg;
	assert_true(is_losing);
	assert_non_null(strstr(text, "web-0"));
	times_said++;
}

static unsigned try_put(struct log_store *store, const char *text, unsigned times)
{
	const struct log_entry entry = {
		.container = "nginx", .text = text, .size = strlen(text), .time_ns = 1};
	unsigned lost = 0;

	for (unsigned i = 0; i < times; i++)
		lost += !log_store_append(store, "web", "web-0", "b", &entry, 1, NULL);
	return lost;
}

static void a_full_disk_costs_new_lines_and_no_old_one(void **state)
{
	enum { OLD = 900, NEW = 2500 };
	const struct log_store_options options = {.folder = folder, .say = on_said};
	struct log_store *store = log_store_open("shop", &options, NULL);
	struct log_reader *reader;
	struct log_line line;
	char text[1024];
	unsigned lost;
	size_t segments;
	(void)state;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < OLD; i++)
		put(store, "web-0", "nginx", text, 1000, i + 1);
	segments = count_segments("web-0");
	assert_true(segments > 3);
	reader = open_reader(NULL);
	times_said = 0;
	limit_files(LOG_SEGMENT_MAX_BYTES - 10000); /* the newest file is cut in a record */
	lost = try_put(store, text, NEW - 500);
	limit_files(100); /* not even a new file's header has room */
	lost += try_put(store, text, 500);
	limit_files(RLIM_INFINITY);
	assert_int_equal(times_said, 1);
	assert_int_equal(count_segments("web-0"), segments);
	for (unsigned i = 0; i < OLD + NEW - lost; i++)
		expect_next(reader, text);
	expect_next(reader, NULL);
	put(store, "web-0", "nginx", "again", 2000, OLD + 1);
	assert_true(log_reader_next(reader, &line));
	assert_memory_equal(line.text, "again", 5);
	assert_int_equal(line.lost_before, lost);
	assert_false(log_reader_next(reader, &line));
	log_reader_close(reader);
	log_store_close(store);
}

static void a_cronjobs_runs_show_those_that_come_later_too(void **state)
{
	struct log_store *store = open_store(0);
	AUTO(log_filter_clear) struct log_filter filter = {0};
	(void)state;

	put(store, "nightly-28000000-0", "c", "first", 1000, 1);
	put(store, "nightly-report-0", "c", "another pod", 1500, 1);
	string_list_add(&filter.selectors, "nightly/c");
	string_list_add(&filter.crons, "nightly");
	struct log_reader *reader = log_reader_open("shop", folder, &filter, NULL);
	expect_next(reader, "first");
	expect_next(reader, NULL);
	put(store, "nightly-28000060-0", "other", "another container", 2000, 1);
	put(store, "nightly-28000060-0", "c", "second", 2500, 2);
	put(store, "nightly-manual-1-0", "c", "by hand", 3000, 1);
	expect_next(reader, "second");
	expect_next(reader, "by hand");
	expect_next(reader, NULL);
	log_reader_close(reader);
	log_store_close(store);
}

static void what_is_hidden_shows_when_it_is_named(void **state)
{
	struct log_store *store = open_store(0);
	struct log_filter filter = {0};
	struct log_reader *reader;
	(void)state;

	put(store, "web-0", "nginx", "alive", 1000, 1);
	put(store, "old-0", "nginx", "dead", 2000, 1);
	string_list_add(&filter.hidden, "old-0");
	reader = log_reader_open("shop", folder, &filter, NULL);
	expect_next(reader, "alive");
	expect_next(reader, NULL);
	put(store, "new-0", "nginx", "later", 3000, 1);
	expect_next(reader, "later"); /* what comes is not hidden */
	log_reader_close(reader);
	string_list_add(&filter.selectors, "old");
	reader = log_reader_open("shop", folder, &filter, NULL);
	expect_next(reader, "dead");
	expect_next(reader, NULL);
	log_reader_close(reader);
	string_list_clear(&filter.hidden);
	string_list_clear(&filter.selectors);
	log_store_close(store);
}

/* The dead give way first, and the living keep what they have. */
static void the_project_s_budget_takes_from_those_that_are_gone(void **state)
{
	const struct log_store_options options = {.folder = folder, .project_bytes = 2 << 20};
	struct log_store *store = log_store_open("shop", &options, NULL);
	struct log_store_counters counters;
	char text[4096];
	size_t dead;
	(void)state;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < 400; i++)
		put(store, "gone-0", "nginx", text, 1000, i + 1);
	log_store_close(store);
	dead = count_segments("gone-0");
	store = log_store_open("shop", &options, NULL);
	for (unsigned i = 0; i < 300; i++)
		put(store, "web-0", "nginx", text, 2000, i + 1);
	assert_true(count_segments("gone-0") < dead);
	assert_true(count_segments("gone-0") > 0);
	log_store_get_counters(store, &counters);
	assert_true(counters.stored_bytes <= 2 << 20);
	for (unsigned i = 0; i < 300; i++)
		put(store, "web-0", "nginx", text, 2000, i + 1);
	assert_int_equal(count_segments("gone-0"), 0);
	assert_true(count_segments("web-0") > 8); /* its own quota alone bounds it */
	log_store_close(store);
}

static void losses_of_the_guest_stand_before_the_next_line(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	struct log_line line;
	(void)state;

	log_store_note_loss(store, "web-0", 12);
	put(store, "web-0", "nginx", "a", 1000, 1);
	put(store, "web-0", "nginx", "b", 1000, 2);
	reader = open_reader(NULL);
	assert_true(log_reader_next(reader, &line));
	assert_int_equal(line.lost_before, 12);
	assert_true(log_reader_next(reader, &line));
	assert_int_equal(line.lost_before, 0);
	log_reader_close(reader);
	log_store_close(store);
}

static void events_told_again_are_not_counted_again(void **state)
{
	struct log_store *store = open_store(0);
	(void)state;

	assert_true(log_store_take_event(store, "web-0", "b1", 3));
	assert_false(log_store_take_event(store, "web-0", "b1", 3));
	start_run(store, "web-0", "nginx");
	log_store_close(store);
	store = open_store(0);
	put(store, "web-0", "nginx", "x", 1, 0);
	assert_false(log_store_take_event(store, "web-0", "b1", 2));
	assert_true(log_store_take_event(store, "web-0", "b1", 4));
	assert_true(log_store_take_event(store, "web-0", "b2", 1));
	log_store_close(store);
}

static void previous_shows_the_run_before_the_last(void **state)
{
	struct log_store *store = open_store(0);
	struct log_filter filter = {.is_previous = true};
	struct log_reader *reader;
	(void)state;

	for (int run = 0; run < 3; run++) {
		char text[16];
		start_run(store, "web-0", "nginx");
		(void)snprintf(text, sizeof(text), "run %d", run);
		put(store, "web-0", "nginx", text, 1000, 0);
	}
	reader = log_reader_open("shop", folder, &filter, NULL);
	expect_next(reader, "run 1");
	expect_next(reader, NULL);
	log_reader_close(reader);
	log_store_close(store);
}

/*
 * A quick starter's first lines come before the word that it started, and a busy channel may even
 * bring the last run's lines after it.
 */
static void the_place_of_a_line_decides_whose_run_it_is(void **state)
{
	struct log_store *store = open_store(0);
	struct log_filter filter = {.is_previous = true};
	const uint64_t starts[] = {0, 20, 40};
	struct log_reader *reader;
	(void)state;

	put(store, "web-0", "nginx", "first run", 1000, 10);
	log_store_start_run(store, "web-0", "nginx", "boot-1", &starts[0]);
	put(store, "web-0", "nginx", "second, early", 1000, 30);
	log_store_start_run(store, "web-0", "nginx", "boot-1", &starts[1]);
	log_store_start_run(store, "web-0", "nginx", "boot-1", &starts[2]);
	put(store, "web-0", "nginx", "second, late", 1000, 40);
	put(store, "web-0", "nginx", "third", 1000, 50);
	log_store_close(store);
	store = open_store(0); /* another process knows it, too */
	reader = log_reader_open("shop", folder, &filter, NULL);
	expect_next(reader, "second, early");
	expect_next(reader, "second, late");
	expect_next(reader, NULL);
	log_reader_close(reader);
	log_store_close(store);
}

/* The sequences of a new boot begin anew. */
static void the_run_before_may_be_of_an_earlier_boot(void **state)
{
	const struct log_entry entry = {
		.guest_sequence = 5, .container = "nginx", .text = "new boot", .size = 8};
	struct log_filter filter = {.is_previous = true};
	struct log_store *store = open_store(0);
	const uint64_t old = 20, begin = 0;
	struct log_reader *reader;
	(void)state;

	put(store, "web-0", "nginx", "older", 1000, 20);
	log_store_start_run(store, "web-0", "nginx", "boot-1", &old);
	put(store, "web-0", "nginx", "old boot", 1000, 30);
	assert_true(log_store_append(store, "web", "web-0", "boot-2", &entry, 1, NULL));
	log_store_start_run(store, "web-0", "nginx", "boot-2", &begin);
	log_store_close(store);
	reader = log_reader_open("shop", folder, &filter, NULL);
	expect_next(reader, "old boot");
	expect_next(reader, NULL);
	log_reader_close(reader);
}

static void system_lines_come_only_when_asked_for(void **state)
{
	struct log_store *store = open_store(0);
	const struct log_entry kernel = {.time_ns = 1,
					 .source = 2,
					 .container = "kernel",
					 .text = "Linux version",
					 .size = 13};
	struct log_filter filter = {.has_system = true};
	struct log_reader *reader;
	(void)state;

	assert_true(log_store_append(store, "web", "web-0", "", &kernel, 1, NULL));
	put(store, "web-0", "nginx", "a", 1000, 1);
	reader = open_reader(NULL);
	expect_next(reader, "a");
	log_reader_close(reader);
	reader = open_reader("web-0/kernel");
	expect_next(reader, "Linux version");
	expect_next(reader, NULL);
	log_reader_close(reader);
	reader = log_reader_open("shop", folder, &filter, NULL);
	expect_next(reader, "Linux version");
	expect_next(reader, "a");
	log_reader_close(reader);
	log_store_close(store);
}

static void a_guest_clock_from_the_future_is_held_back(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	struct log_line line;
	(void)state;

	put(store, "web-0", "nginx", "a", INT64_MAX, 1);
	reader = open_reader(NULL);
	assert_true(log_reader_next(reader, &line));
	assert_true(line.time_ns <= clock_wall_ns());
	log_reader_close(reader);
	log_store_close(store);
}

static void a_line_longer_than_a_record_comes_in_pieces(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	struct log_line line;
	size_t size = LOG_MAX_LINE * 2 + 10;
	AUTO_FREE char *text = calloc(1, size + 1);
	(void)state;

	memset(text, 'x', size);
	put(store, "web-0", "nginx", text, 1, 1);
	reader = open_reader(NULL);
	assert_true(log_reader_next(reader, &line));
	assert_true(line.is_partial);
	assert_true(log_reader_next(reader, &line));
	assert_true(line.is_partial);
	assert_true(log_reader_next(reader, &line));
	assert_false(line.is_partial);
	assert_int_equal(line.size, 10);
	log_reader_close(reader);
	log_store_close(store);
}

static void put_piece(struct log_store *store, const char *container, const char *text,
		      bool is_partial)
{
	const struct log_entry entry = {.time_ns = 1000,
					.container = container,
					.text = text,
					.size = strlen(text),
					.is_partial = is_partial};

	/* It may be lost. */
	(void)!log_store_append(store, "web", "web-0", "boot-1", &entry, 1, NULL);
}

static void a_tail_counts_lines_and_not_their_pieces(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	(void)state;

	put_piece(store, "c", "first", false);
	put_piece(store, "c", "Password: ", true);
	put_piece(store, "c", "typed", false);
	reader = open_reader(NULL);
	log_reader_seek_tail(reader, 1);
	expect_next(reader, "Password: ");
	expect_next(reader, "typed");
	expect_next(reader, NULL);
	log_reader_seek_tail(reader, 2);
	expect_next(reader, "first");
	/* Others write while one waits; the prompt that nobody has answered is a line. */
	put_piece(store, "c", "Name: ", true);
	put_piece(store, "other", "tick", false);
	put_piece(store, "c", "me", false);
	put_piece(store, "c", "Again? ", true);
	log_reader_seek_tail(reader, 3);
	expect_next(reader, "tick");
	expect_next(reader, "me");
	expect_next(reader, "Again? ");
	expect_next(reader, NULL);
	log_reader_seek_tail(reader, 4);
	expect_next(reader, "Password: ");
	expect_next(reader, "typed");
	expect_next(reader, "Name: ");
	log_reader_close(reader);
	log_store_close(store);
}

static void a_line_that_is_lost_in_pieces_is_lost_once(void **state)
{
	struct log_store *store = open_store(0);
	struct log_reader *reader;
	struct log_line line;
	(void)state;

	put_piece(store, "c", "kept", false);
	limit_files(100);
	put_piece(store, "c", "a", true);
	put_piece(store, "c", "b", true);
	put_piece(store, "c", "c", false);
	put_piece(store, "c", "whole", false);
	limit_files(RLIM_INFINITY);
	put_piece(store, "c", "in", true);
	put_piece(store, "c", "pieces", false);
	put_piece(store, "c", "again", false);
	reader = open_reader(NULL);
	expect_next(reader, "kept");
	assert_true(log_reader_next(reader, &line));
	assert_int_equal(line.lost_before, 2);
	assert_true(log_reader_next(reader, &line));
	assert_int_equal(line.lost_before, 0);
	assert_true(log_reader_next(reader, &line));
	assert_int_equal(line.lost_before, 0);
	log_reader_close(reader);
	log_store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_of_instances_merge_by_time_both_ways),
		TEST(selectors_name_pods_instances_and_containers),
		TEST(selectors_can_be_listed),
		TEST(a_follower_sees_new_lines_and_new_instances),
		TEST(a_position_is_found_by_time_sequence_and_tail),
		TEST(a_tail_counts_lines_and_not_their_pieces),
		TEST(a_line_that_is_lost_in_pieces_is_lost_once),
		TEST(a_torn_tail_costs_only_its_own_record),
		TEST(a_reopened_store_goes_on_where_it_stopped),
		TEST(a_second_writer_is_refused),
		TEST(a_noisy_pod_loses_only_its_own_lines),
		TEST(a_reader_that_is_too_slow_sees_how_much_it_missed),
		TEST(a_full_disk_costs_new_lines_and_no_old_one),
		TEST(a_cronjobs_runs_show_those_that_come_later_too),
		TEST(what_is_hidden_shows_when_it_is_named),
		TEST(the_project_s_budget_takes_from_those_that_are_gone),
		TEST(losses_of_the_guest_stand_before_the_next_line),
		TEST(events_told_again_are_not_counted_again),
		TEST(previous_shows_the_run_before_the_last),
		TEST(the_place_of_a_line_decides_whose_run_it_is),
		TEST(the_run_before_may_be_of_an_earlier_boot),
		TEST(system_lines_come_only_when_asked_for),
		TEST(a_guest_clock_from_the_future_is_held_back),
		TEST(a_line_longer_than_a_record_comes_in_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
