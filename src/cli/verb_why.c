/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/log_view.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/pod_words.h"
#include "cli/project_verb.h"
#include "local/client/verdict.h"
#include "local/logs/log_reader.h"
#include "local/plan/status_json.h"

enum { LAST_LINES = 10, SPOKEN_STAGES = 2, MAX_CONSOLE = 4 << 20 };

/* The kernel of the default base boots in 80 MiB and not in 64 (bench/README.md). */
#define SMALLEST_VM_BYTES ((uint64_t)80 << 20)

static void title(const struct invocation *invocation, const char *text)
{
	(void)printf("\n%s%s%s\n", style_begin(STYLE_BOLD, invocation->is_colored), text,
		     style_begin(STYLE_NONE, invocation->is_colored));
}

static void print_text(const char *prefix, const char *text)
{
	AUTO(strbuf_clear) struct strbuf safe = STRBUF_INIT;
	output_append_line(&safe, text);
	(void)printf("%s%s\n", prefix, strbuf_text(&safe));
}

static int compare_stages(const void *a, const void *b)
{
	const struct boot_stage *first = a;
	const struct boot_stage *second = b;

	return (first->since_start_ms > second->since_start_ms) -
	       (first->since_start_ms < second->since_start_ms);
}

static void print_boot(const struct invocation *invocation, const struct instance_status *instance)
{
	uint64_t last = 0;

	if (instance->stage_count > 1)
		qsort(instance->stages, instance->stage_count, sizeof(*instance->stages),
		      compare_stages);
	title(invocation, "boot");
	if (instance->stage_count == 0)
		(void)printf("  the VM has not said anything yet\n");
	for (size_t i = 0; i < instance->stage_count; i++) {
		const struct boot_stage *stage = &instance->stages[i];
		(void)printf("  %-12s %8.2f s  +%.2f s\n", stage->name,
			     (double)stage->since_start_ms / 1000.0,
			     (double)(stage->since_start_ms - last) / 1000.0);
		last = stage->since_start_ms;
	}
}

static void print_containers(const struct invocation *invocation,
			     const struct instance_status *instance)
{
	static const char *const states[] = {"waiting", "running", "ended"};
	if (instance->container_count == 0)
		return;
	title(invocation, "containers");
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *c = &instance->containers[i];
		(void)printf("  %-20s %-8s %-18s restarts %u", c->name, states[c->state],
			     c->reason	   ? c->reason
			     : c->is_ready ? "ready"
					   : "not ready",
			     c->restarts);
		if (c->exit_code >= 0 && (c->restarts > 0 || c->state == CONTAINER_TERMINATED))
			(void)printf("  last: %s, exit code %d",
				     c->last_reason != NULL ? c->last_reason : "ended",
				     c->exit_code);
		(void)printf("\n");
		if (c->message != NULL)
			print_text("    ", c->message);
	}
}

static const struct probe_result *last_failure(const struct instance_status *instance)
{
	for (size_t i = instance->probe_count; i > 0; i--) {
		if (!instance->probes[i - 1].is_ok)
			return &instance->probes[i - 1];
	}
	return NULL;
}

static void print_probe(const struct invocation *invocation, const struct instance_status *instance)
{
	const struct probe_result *probe = last_failure(instance);
	if (probe == NULL)
		return;
	title(invocation, "last failing probe");
	char age[AGE_SIZE];
	int64_t seconds = (clock_wall_ns() - probe->time_ns) / 1000000000;
	clock_format_age(age, seconds > 0 ? (uint64_t)seconds : 0);
	(void)printf("  %s of %s, %s ago:\n", probe->probe, probe->container, age);
	print_text("    ", probe->message ? probe->message : "failed");
}

static void print_lines(const struct invocation *invocation, const char *project,
			const struct instance_status *instance)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(string_list_clear) struct string_list selectors = STRING_LIST_INIT;
	const struct log_view_options options = {.is_colored = invocation->is_colored};
	struct log_line line;

	string_list_add(&selectors, instance->name);
	struct log_filter filter = {.selectors = selectors,
				    .has_system = instance->stage_count < 4};
	AUTO_PTR(log_reader)
	struct log_reader *reader = log_reader_open(project, NULL, &filter, &err);
	AUTO_PTR(log_view) struct log_view *view = log_view_new(&options);
	if (reader == NULL)
		return;
	/* An earlier VM had the name, too, and the same log. */
	log_reader_seek_tail_since(reader, LAST_LINES, instance->created_ns);
	while (log_reader_next(reader, &line))
		log_view_append(view, &line, &out);
	log_view_finish(view, &out);
	/* Of a VM that never spoke there are none; its console follows. */
	if (out.size == 0 && instance->stage_count < SPOKEN_STAGES)
		return;
	title(invocation, "last lines");
	(void)fputs(out.size > 0 ? out.data : "  none\n", stdout);
}

static bool is_last_word(const char *line)
{
	static const char *const words[] = {"Kernel panic",  "unpacking failed", "Out of memory",
					    "out of memory", "Unable to mount",	 "Run /init"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strstr(line, words[i]) != NULL)
			return true;
	}
	return false;
}

/*
 * The end, and above it what the kernel said of the reason: a panic ends with a trace that tells
 * nobody anything, and further up are the boots before this one, which said the same.
 */
static void print_last_words(struct string_list *lines)
{
	enum { LAST_WORDS = 3 };
	size_t end = lines->count > LAST_LINES ? lines->count - LAST_LINES : 0;
	size_t first = end;

	for (size_t i = end, found = 0; i-- > 0 && found < LAST_WORDS;) {
		if (is_last_word(lines->items[i])) {
			found++;
			first = i;
		}
	}
	for (size_t i = first; i < lines->count; i++) {
		lines->items[i][strcspn(lines->items[i], "\r")] = '\0';
		if (lines->items[i][0] != '\0' && (i >= end || is_last_word(lines->items[i])))
			print_text("  ", lines->items[i]);
	}
}

/* A guest that has not spoken yet has written to its console at most. */
static void print_console(const struct invocation *invocation, const char *project,
			  const struct instance_status *instance)
{
	AUTO_FREE char *below = xasprintf("projects/%s/console/%s.log", project, instance->name);
	AUTO_FREE char *path = path_folder(PATH_STATE, below);
	AUTO_FREE char *text = NULL;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;

	title(invocation, "console");
	(void)printf("  %s\n", path);
	if (!file_read(path, MAX_CONSOLE, &text, NULL, NULL))
		return;
	string_list_split(&lines, text, '\n');
	print_last_words(&lines);
}

static void tell_cron(const struct pod_status *pod)
{
	(void)printf("  its schedule starts its runs (%s)\n", pod->message);
	if (pod->cron.is_stopped)
		(void)printf("  it was stopped: i2kit start %s\n", pod->name);
	else if (pod->cron.is_suspended)
		(void)printf("  it is suspended, as its manifest says\n");
	else
		(void)printf("  one now: i2kit start cronjob/%s\n", pod->name);
}

/* The pod has no VM: the reasons there are. */
static bool tell_pod(const struct project_status *status, const char *name)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct pod_status *pod = &status->pods[i];
		if (strcmp(pod->name, name) != 0)
			continue;
		(void)printf("%s: no VM runs\n\nwhat to try\n", name);
		if (!status->is_supervised)
			(void)printf("  nobody supervises the project: i2kit up -d\n");
		else if (pod->is_job && pod->message != NULL && pod->job_end != JOB_RUNNING)
			(void)printf("  it is over (%s): i2kit restart %s runs it once more\n",
				     pod->message, name);
		else if (pod->cron.schedule != NULL)
			tell_cron(pod);
		else if (pod->is_job && pod->message != NULL && pod->desired == 0)
			(void)printf("  it is suspended, as its manifest says\n");
		else if (pod->desired == 0)
			(void)printf("  it is scaled to 0: i2kit scale %s=1\n", name);
		else
			(void)printf("  it waits%s%s: i2kit events\n", pod->message ? ", " : "",
				     pod->message ? pod->message : " for its turn or for memory");
		return true;
	}
	return false;
}

/* Of the whole pod, beside this VM of it. */
static void print_pod(const struct project_status *status, const struct instance_status *instance)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct pod_status *pod = &status->pods[i];
		if (strcmp(pod->name, instance->pod) != 0 || pod->message == NULL)
			continue;
		AUTO_FREE char *prefix = xasprintf("%s: ", pod->name);
		print_text(prefix, pod->message);
	}
}

/* What to type next, from what is known. */
static const char *advice(const struct instance_status *instance)
{
	for (size_t i = 0; i < instance->container_count; i++) {
		const char *reason = instance->containers[i].reason;
		const char *last = instance->containers[i].last_reason;
		/* It may run again for now. */
		if (last != NULL && strcmp(last, "OOMKilled") == 0)
			return "it ran out of memory: raise resources.limits.memory, or try "
			       "--memory 512M";
		if (last != NULL && strcmp(last, "StartError") == 0)
			return "it cannot be started, the last line says why: compare its command "
			       "with what the image has (i2kit inspect IMAGE)";
		if (reason != NULL && strcmp(reason, "CrashLoopBackOff") == 0)
			return "it keeps ending: i2kit logs --previous shows the run before";
	}
	/* Between two ends it runs, and may even be ready for a moment. */
	const struct container_status *looping = NULL;
	if (instance_is_looping(instance, &looping) && looping != NULL)
		return "it keeps ending: i2kit logs --previous shows the run before";
	if (instance->state == INSTANCE_CRASHED && instance->stage_count == 0)
		return "libvirt cannot make its VM, the first line says why; i2kit doctor";
	switch (instance->state) {
	case INSTANCE_BOOTING:
		return instance->reason != NULL
			       ? "it starts when the pod it waits for (depends_on) is there: "
				 "i2kit why of that one"
			       : "i2kit events shows what happened before";
	case INSTANCE_READY:
		return "it is ready; nothing to mend";
	case INSTANCE_STARTING:
		return "the VM has not spoken yet: its console may say why; i2kit doctor";
	case INSTANCE_SUCCEEDED:
		return "it has done its work; nothing to mend";
	case INSTANCE_FAILED:
		return "it ended with an error and is not started again: its last lines are above; "
		       "i2kit restart tries once more";
	case INSTANCE_RUNNING:
		return last_failure(instance)
			       ? "its probe fails: try the same inside with i2kit exec"
			       : "wait: it has only just started";
	case INSTANCE_CRASHED:
		if (instance->stage_count < SPOKEN_STAGES)
			return instance->memory_bytes < SMALLEST_VM_BYTES
				       ? "this VM is too small for the kernel: --memory 128M, or "
					 "larger resources.limits.memory"
				       : "the kernel did not get as far as i2kit's init: its "
					 "console says why; a base of your own (--base) is what "
					 "can be wrong, i2kit doctor looks at the rest";
		return "the VM ended by itself: its console and i2kit logs --system have its last "
		       "words";
	default:
		return "i2kit events shows what happened before";
	}
}

/* The first port of the pod that cannot be used, or NULL. */
static const struct port_status *broken_port(const struct project_status *status,
					     const struct instance_status *instance)
{
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		if (port->problem != NULL && port_status_serves(port, instance->pod))
			return port;
	}
	return NULL;
}

static const char *advice_with_ports(const struct project_status *status,
				     const struct instance_status *instance)
{
	const struct port_status *port = broken_port(status, instance);

	if (port == NULL || instance->state != INSTANCE_READY)
		return advice(instance);
	return port->wanted_host_port != 0 && port->host_port == 0
		       ? "it is ready, but a port of it is somebody else's: stop that, or publish "
			 "elsewhere with --publish"
		       : "it is ready, but nothing listens where its port leads: compare "
			 "targetPort with what the program says; it should listen on 0.0.0.0";
}

static void print_ports(const struct invocation *invocation, const struct project_status *status,
			const struct instance_status *instance)
{
	if (broken_port(status, instance) == NULL)
		return;
	title(invocation, "ports");
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		if (port->problem == NULL || !port_status_serves(port, instance->pod))
			continue;
		AUTO_FREE char *prefix =
			xasprintf("  %s:%u  ", port->service, (unsigned)port->service_port);
		print_text(prefix, port->problem);
	}
}

static void print_routes(const struct invocation *invocation, const struct project_status *status,
			 const struct instance_status *instance)
{
	bool is_first = true;

	for (size_t i = 0; i < status->route_count; i++) {
		const struct route_status *route = &status->routes[i];
		const char *url = route->http_url != NULL ? route->http_url : route->https_url;
		if (!route_status_serves(route, instance->pod))
			continue;
		if (is_first)
			title(invocation, "routes");
		is_first = false;
		(void)printf("  %s -> %s%s\n", url != NULL ? url : "not published", route->target,
			     route->backends == 0 ? ", nobody answers yet" : "");
	}
}

static void print_full(const struct invocation *invocation, const struct instance_status *instance)
{
	if (instance->full == NULL)
		return;
	title(invocation, "no room left");
	print_text("  ", instance->full);
}

/* Templates are nothing that people have to know of, until they ask why. */
static void print_start(const struct instance_status *instance)
{
	if (instance->is_warm)
		(void)printf("  start: warm, it went on from a template%s\n",
			     instance->shares_memory ? ", whose memory it shares" : "");
	else if (instance->state != INSTANCE_STARTING || instance->cold_reason != NULL)
		(void)printf("  start: cold%s%s\n", instance->cold_reason != NULL ? ", " : "",
			     instance->cold_reason != NULL ? instance->cold_reason : "");
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(project_status_clear) struct project_status status = {0};

	if (!project_verb_open(invocation, false, &verb, err) ||
	    !client_status(verb.client, &status, err))
		return 1;
	AUTO_FREE char *name =
		pod_word_read(verb.project, arguments_rest(invocation->args)->items[0], err);
	if (name == NULL)
		return 1;
	const struct instance_status *instance = project_verb_find(&status, name, err);
	if (instance == NULL && tell_pod(&status, name)) {
		error_clear(err);
		return 0;
	}
	if (instance == NULL)
		return 1;
	if (invocation->output == OUTPUT_JSON) {
		AUTO_FREE char *json =
			instance_status_to_json(instance, advice_with_ports(&status, instance));
		output_document(json);
		return 0;
	}
	(void)printf("%s: %s%s%s  (%s, %u cpu, %" PRIu64 " MiB, image %.19s)\n", instance->name,
		     instance_state_name(instance->state), instance->reason ? ", " : "",
		     instance->reason ? instance->reason : "", instance->is_kvm ? "kvm" : "tcg",
		     instance->cpu_count, instance->memory_bytes >> 20,
		     DIGEST_TEXT(&instance->release.image));
	print_start(instance);
	print_pod(&status, instance);
	if (instance->is_synced)
		(void)printf("synced: not the image: `i2kit watch` put files of this machine into "
			     "it; i2kit restart %s boots the image again\n",
			     instance->pod);
	print_boot(invocation, instance);
	print_containers(invocation, instance);
	print_probe(invocation, instance);
	print_full(invocation, instance);
	print_ports(invocation, &status, instance);
	print_routes(invocation, &status, instance);
	print_lines(invocation, verb.project, instance);
	if (instance->stage_count < SPOKEN_STAGES || instance->state == INSTANCE_CRASHED)
		print_console(invocation, verb.project, instance);
	title(invocation, "what to try");
	(void)printf("  %s\n", advice_with_ports(&status, instance));
	return 0;
}

const struct verb verb_why = {
	.name = "why",
	.group = VERB_WATCH,
	.summary = "show on one screen why a pod is as it is",
	.description =
		"Shows how the VM came up (kernel, init, network, containers, readiness), what its "
		"containers do, the last failing probe, the last lines of the log, and what to "
		"try.",
	.argument = {"POD|INSTANCE", 1, 1, COMPLETE_INSTANCE},
	.has_output = true,
	.names = "{.name}",
	.example = "i2kit why web",
	.run = run,
};
