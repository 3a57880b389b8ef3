/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/cloud_logs.h"
#include "cli/cloud_target.h"
#include "cli/interrupt.h"
#include "cli/log_instances.h"
#include "cli/log_selectors.h"
#include "cli/log_view.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/client/verdict.h"
#include "local/logs/log_reader.h"

#define FLUSH_BYTES    ((size_t)64 << 10)
#define POLL_MS	       500 /* the interrupt is looked at this often */
#define POLL_BLIND_MS  100 /* where nothing tells of new lines */
#define COALESCE_MS    10  /* a busy writer is read in pieces, not line by line */
#define END_LOOK_MS    1000
#define MAX_TAIL_LINES 10000000

/* 5m, 1h30m … ago, or a time. */
static bool parse_when(const char *option, const char *text, int64_t *ret_ns, struct error *err)
{
	uint64_t ago_ms;

	if (parse_duration_ms(text, &ago_ms) && ago_ms < (uint64_t)INT64_MAX / 1000000) {
		*ret_ns = clock_wall_ns() - (int64_t)ago_ms * 1000000;
		return true;
	}
	if (parse_rfc3339_ns(text, ret_ns))
		return true;
	(void)error_set(err, ERROR_USAGE, "--%s: '%s' is neither a duration nor a time", option,
			text);
	return error_hint(err, "--%s 10m, or --%s 2026-11-25T02:00:00Z", option, option);
}

static bool parse_until(const struct arguments *args, int64_t *ret_ns, struct error *err)
{
	const char *until = arguments_value(args, "until");

	if (until == NULL)
		return true;
	if (arguments_flag(args, "follow"))
		return error_set(err, ERROR_USAGE, "--follow and --until exclude each other");
	return parse_when("until", until, ret_ns, err);
}

/* Before anything is looked for: what is mistyped is so whether there are logs or not. */
static bool check_options(const struct arguments *args, struct error *err)
{
	const char *tail = arguments_value(args, "tail");
	const char *since = arguments_value(args, "since");
	uint64_t lines;
	int64_t time_ns;

	if (tail != NULL && !parse_u64(tail, 0, MAX_TAIL_LINES, &lines))
		return error_set(err, ERROR_USAGE, "--tail: '%s' is no number of lines", tail);
	return (since == NULL || parse_when("since", since, &time_ns, err)) &&
	       parse_until(args, &time_ns, err);
}

static bool place_reader(struct log_reader *reader, const struct arguments *args, struct error *err)
{
	const char *tail = arguments_value(args, "tail");
	const char *since = arguments_value(args, "since");
	uint64_t lines = 0;
	int64_t since_ns = 0;

	if (tail != NULL && !parse_u64(tail, 0, MAX_TAIL_LINES, &lines))
		return error_set(err, ERROR_USAGE, "--tail: '%s' is no number of lines", tail);
	if (since != NULL && !parse_when("since", since, &since_ns, err))
		return false;
	if (tail != NULL && since != NULL)
		log_reader_seek_tail_since(reader, lines, since_ns);
	else if (tail != NULL)
		log_reader_seek_tail(reader, lines);
	else if (since != NULL)
		log_reader_seek_time(reader, since_ns);
	return true;
}

static bool flush(struct strbuf *out, struct error *err)
{
	bool is_written = out->size == 0 || fd_write_all(STDOUT_FILENO, out->data, out->size, err);

	strbuf_reset(out);
	return is_written;
}

/* All lines that are there now, up to a time. */
static bool print_lines(struct log_reader *reader, struct log_view *view, int64_t until_ns,
			struct strbuf *out, struct error *err)
{
	struct log_line line;

	while (!interrupt_is_set() && log_reader_next(reader, &line) && line.time_ns <= until_ns) {
		log_view_append(view, &line, out);
		if (out->size >= FLUSH_BYTES && !flush(out, err))
			return false;
	}
	return flush(out, err);
}

static void wait_for_lines(struct log_reader *reader)
{
	struct pollfd watch = {.fd = log_reader_watch_fd(reader), .events = POLLIN};

	if (watch.fd < 0)
		(void)poll(NULL, 0, POLL_BLIND_MS);
	else if (poll(&watch, 1, POLL_MS) > 0)
		(void)poll(NULL, 0, COALESCE_MS);
}

/* Whether nothing can come any more: all that is followed are Jobs and the like, and are over. */
struct end_watch {
	struct loop *loop;
	struct client *client;
	const struct string_list *selectors;
	uint64_t looked_ms;
};

static void end_watch_clear(struct end_watch *watch)
{
	client_close(watch->client);
	if (watch->loop != NULL)
		loop_free(watch->loop);
}

static bool has_ended(struct end_watch *watch)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	uint64_t now_ms = clock_monotonic_ms();

	if (watch->client == NULL || now_ms < watch->looked_ms + END_LOOK_MS)
		return false;
	watch->looked_ms = now_ms;
	return client_status(watch->client, &status, &ignored) &&
	       status_has_ended(&status, watch->selectors);
}

static bool follow(struct log_reader *reader, struct log_view *view, struct strbuf *out,
		   struct end_watch *watch, struct error *err)
{
	bool is_over = false;

	while (!is_over && !interrupt_is_set()) {
		/* Asked before reading: what was written before the end is read after it. */
		is_over = has_ended(watch);
		/* A prompt has no end; into a pipe it goes when it has. */
		if (isatty(STDOUT_FILENO)) {
			log_view_show_held(view, out);
			if (!flush(out, err))
				return false;
		}
		if (!is_over)
			wait_for_lines(reader);
		if (!print_lines(reader, view, INT64_MAX, out, err))
			return false;
	}
	return true;
}

static bool show(struct log_reader *reader, const struct invocation *invocation,
		 struct end_watch *watch, struct error *err)
{
	const struct arguments *args = invocation->args;
	const struct log_view_options options = {
		.is_colored = invocation->is_colored,
		.has_timestamps = arguments_flag(args, "timestamps"),
		.is_json = invocation->output == OUTPUT_JSON,
		.shape = output_document_is_json() ? NULL : output_document_append,
		.is_raw = arguments_flag(args, "raw"),
		.no_prefix = arguments_flag(args, "no-prefix"),
	};
	AUTO_PTR(log_view) struct log_view *view = log_view_new(&options);
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	int64_t until_ns = INT64_MAX;

	if (!parse_until(args, &until_ns, err) || !print_lines(reader, view, until_ns, &out, err))
		return false;
	if (arguments_flag(args, "follow") && !follow(reader, view, &out, watch, err))
		return false;
	log_view_finish(view, &out);
	return flush(&out, err);
}

static void note_removed(const struct invocation *invocation, struct log_reader *reader)
{
	uint64_t removed = log_reader_removed_lines(reader);

	if (removed > 0)
		output_note(invocation,
			    "%" PRIu64 " older lines are gone: 64 MiB are kept for each instance",
			    removed);
}

static bool exclude(const char *option, const char *other, struct error *err)
{
	return error_set(err, ERROR_USAGE, "--%s and --%s exclude each other", option, other);
}

/* What the cloud's log groups cannot be asked for is refused, not passed over. */
static bool check_cloud_options(const struct arguments *args, struct error *err)
{
	static const char *const flags[] = {"all", "system", "raw"};

	if (arguments_flag(args, "previous")) {
		(void)error_set(err, ERROR_USAGE,
				"the cloud's logs do not say where a container's run begins");
		return error_hint(err, "i2kit logs -e FILE --since TIME --until TIME");
	}
	if (arguments_value(args, "selector") != NULL)
		return exclude("environment", "selector", err);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (arguments_flag(args, flags[i]))
			return exclude("environment", flags[i], err);
	}
	return true;
}

/* --region and --profile name a place in a cloud: here they would do nothing. */
static bool check_local_options(const struct arguments *args, struct error *err)
{
	static const char *const values[] = {"region", "profile"};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (arguments_value(args, values[i]) != NULL) {
			(void)error_set(err, ERROR_USAGE, "--%s goes with --environment",
					values[i]);
			return error_hint(err, "i2kit logs -e environment.yml --%s %s", values[i],
					  arguments_value(args, values[i]));
		}
	}
	return true;
}

static int run_in_cloud(const struct invocation *invocation, struct error *err)
{
	const struct arguments *args = invocation->args;
	const char *since = arguments_value(args, "since");
	const char *tail = arguments_value(args, "tail");
	struct cloud_logs_options options = {.until_ns = INT64_MAX, .has_tail = tail != NULL};

	if (!check_options(args, err) || !check_cloud_options(args, err) ||
	    (since != NULL && !parse_when("since", since, &options.since_ns, err)) ||
	    !parse_until(args, &options.until_ns, err))
		return 1;
	if (tail != NULL && !parse_u64(tail, 0, MAX_TAIL_LINES, &options.tail))
		return 1;
	return cloud_logs_show(invocation, &options, err) ? 0 : 1;
}

/* `i2kit logs rm [POD]…`, unless a pod is called so. */
static bool wants_removal(const char *project, const struct string_list *words)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	if (words->count == 0 || strcmp(words->items[0], "rm") != 0)
		return false;
	log_store_list_selectors(project, NULL, &known);
	return !string_list_has(&known, "rm");
}

static bool remove_logs(const struct invocation *invocation, const char *project,
			const struct string_list *words, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list removed = STRING_LIST_INIT;

	for (size_t i = 1; i < words->count; i++)
		string_list_add(&names, words->items[i]);
	if (!log_instances_remove(project, &names, &removed, err))
		return false;
	for (size_t i = 0; i < removed.count; i++)
		(void)printf("%s\n", removed.items[i]);
	if (removed.count == 0)
		output_note(invocation, "nothing to remove: '%s' has no logs but of what is up",
			    project);
	return true;
}

/* Fills what is shown; what lives no more is left out, and that is said. */
static bool choose_lines(const struct invocation *invocation, const char *project,
			 struct log_filter *ret, struct error *err)
{
	const struct arguments *args = invocation->args;
	const struct log_choice choice = {.container = arguments_value(args, "container"),
					  .labels = arguments_value(args, "selector")};

	ret->has_system = arguments_flag(args, "system");
	ret->is_previous = arguments_flag(args, "previous");
	if (!log_selectors_check(project, &choice, &ret->selectors, &ret->crons, err))
		return false;
	if (ret->selectors.count > 0 || arguments_flag(args, "all"))
		return true;
	log_instances_dead(project, &ret->hidden);
	if (ret->hidden.count > 0)
		output_note(invocation, "%zu %s not up any more: --all shows %s too",
			    ret->hidden.count,
			    ret->hidden.count == 1 ? "instance is" : "instances are",
			    ret->hidden.count == 1 ? "it" : "them");
	return true;
}

static bool show_project(const struct invocation *invocation, const char *project,
			 const struct log_filter *filter, struct error *err)
{
	const struct arguments *args = invocation->args;
	AUTO_PTR(log_reader)
	struct log_reader *reader = log_reader_open(project, NULL, filter, err);
	AUTO(end_watch_clear) struct end_watch watch = {.selectors = &filter->selectors};

	if (reader == NULL)
		return false;
	if (arguments_value(args, "tail") == NULL && arguments_value(args, "since") == NULL)
		note_removed(invocation, reader);
	if (arguments_flag(args, "follow")) {
		watch.loop = loop_new(err);
		watch.client = watch.loop != NULL ? client_open(watch.loop, project, err) : NULL;
		if (watch.client == NULL)
			return false;
	}
	return place_reader(reader, args, err) && show(reader, invocation, &watch, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct arguments *args = invocation->args;
	if (arguments_value(args, "environment") != NULL)
		return run_in_cloud(invocation, err);
	const struct string_list *rest = arguments_rest(args);
	bool has_path = rest->count > 0 && project_is_path(rest->items[0]);
	AUTO_FREE char *project =
		project_resolve(invocation, has_path ? rest->items[0] : NULL, err);
	AUTO(log_filter_clear) struct log_filter filter = {0};

	if (project == NULL || !check_options(args, err) || !check_local_options(args, err))
		return 1;
	/* `i2kit logs | head` ends without a word, as other tools do. */
	(void)signal(SIGPIPE, SIG_DFL);
	for (size_t i = has_path ? 1 : 0; i < rest->count; i++)
		string_list_add(&filter.selectors, rest->items[i]);
	if (wants_removal(project, &filter.selectors))
		return remove_logs(invocation, project, &filter.selectors, err) ? 0 : 1;
	if (!choose_lines(invocation, project, &filter, err))
		return 1;
	return show_project(invocation, project, &filter, err) ? 0 : 1;
}

static const struct option_spec options[] = {
	{.name = "environment",
	 .letter = 'e',
	 .kind = OPTION_VALUE,
	 .metavar = "FILE",
	 .help = "of the cloud that environment.yml names",
	 .complete = COMPLETE_FILE},
	REGION_OPTION,
	PROFILE_OPTION,
	{.name = "follow",
	 .letter = 'f',
	 .kind = OPTION_FLAG,
	 .help = "go on with new lines until Ctrl-C or the end"},
	{.name = "container",
	 .letter = 'c',
	 .kind = OPTION_VALUE,
	 .metavar = "NAME",
	 .help = "of this container, as in POD/NAME",
	 .complete = COMPLETE_CONTAINER},
	{.name = "tail",
	 .letter = 'n',
	 .kind = OPTION_VALUE,
	 .metavar = "N",
	 .help = "only the last N lines of each instance"},
	{.name = "since",
	 .kind = OPTION_VALUE,
	 .metavar = "TIME",
	 .help = "from 10m, 2h ago or an RFC 3339 time on"},
	{.name = "until", .kind = OPTION_VALUE, .metavar = "TIME", .help = "up to then"},
	{.name = "selector",
	 .letter = 'l',
	 .kind = OPTION_VALUE,
	 .metavar = "LABELS",
	 .help = "of pods with these: app=web,tier!=db"},
	{.name = "all",
	 .letter = 'a',
	 .kind = OPTION_FLAG,
	 .help = "of instances too that are not up any more"},
	{.name = "timestamps", .letter = 't', .kind = OPTION_FLAG, .help = "show each line's time"},
	{.name = "previous",
	 .kind = OPTION_FLAG,
	 .help = "the run before each container's last start"},
	{.name = "system", .kind = OPTION_FLAG, .help = "kernel and init messages too"},
	{.name = "no-prefix", .kind = OPTION_FLAG, .help = "lines without their container's name"},
	{.name = "raw", .kind = OPTION_FLAG, .help = "bytes as written: may act on the terminal"},
};

const struct verb verb_logs = {
	.name = "logs",
	.group = VERB_WATCH,
	.summary = "show what pods have written",
	.description =
		"Shows the lines that containers wrote to their standard output and error, of "
		"all pods or of those named, merged by time. They are kept on this machine, "
		"up to 64 MiB for each instance, and survive the pods; so this works after "
		"`i2kit down` too. While anything is up, instances that are no more are shown "
		"with --all or by name.\n\n"
		"With -e the lines that the cloud keeps are shown instead, of streams called "
		"POD/CONTAINER/INSTANCE. --tail looks through all of them for the last of each "
		"instance: --since bounds that. -l, --all, --system, --raw and --previous are for "
		"what runs here.\n\n"
		"`i2kit logs rm` removes the logs of what is not up any more, or of the pods "
		"named after it.\n\n"
		"Control sequences in the lines are shown, not obeyed; colours pass to a "
		"terminal.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {.metavar = "[rm] [FOLDER] POD[/CONTAINER]",
		     .max = 0,
		     .complete = COMPLETE_POD},
	.has_output = true,
	.example = "i2kit logs -f web\n"
		   "i2kit logs --since 10m web/nginx db-0\n"
		   "i2kit logs --previous --tail 20 worker\n"
		   "i2kit logs -l app=web --until 5m deployment/db\n"
		   "i2kit logs -e environment.yml -f --since 5m -c nginx web\n"
		   "i2kit logs rm",
	.run = run,
};
