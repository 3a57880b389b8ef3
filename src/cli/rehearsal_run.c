/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rehearsal_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cloud/rehearsal.h"
#include "local/vm/accel.h"

#define TIMEOUT_MS     180000
#define MEMORY_BYTES   ((uint64_t)1 << 30) /* a t3.micro's */
#define LAST_WORD_MS   30000		   /* the guest reads its whole disk after the signal */
#define MAX_PROGRAM    4096
#define MAX_TIMEOUT_MS ((uint64_t)24 * 3600 * 1000)

bool rehearsal_request_read(struct rehearsal_request *request, struct error *err)
{
	const struct arguments *args = request->invocation->args;
	const char *firmware = arguments_value(args, "firmware");
	const char *timeout = arguments_value(args, "timeout");
	request->has_bios = firmware == NULL || strcmp(firmware, "uefi") != 0;
	request->has_uefi = firmware == NULL || strcmp(firmware, "bios") != 0;
	request->timeout_ms = TIMEOUT_MS;
	request->memory_bytes = MEMORY_BYTES;
	if (firmware != NULL && strcmp(firmware, "bios") != 0 && strcmp(firmware, "uefi") != 0 &&
	    strcmp(firmware, "both") != 0)
		return error_set(err, ERROR_USAGE, "--firmware is bios, uefi or both, not '%s'",
				 firmware);
	if (timeout != NULL && (!parse_duration_ms(timeout, &request->timeout_ms) ||
				request->timeout_ms == 0 || request->timeout_ms > MAX_TIMEOUT_MS))
		return error_set(err, ERROR_USAGE, "--timeout '%s' is no duration", timeout);
	return true;
}

/* --- one boot ------------------------------------------------------------------------------- */

struct boot {
	const struct rehearsal_request *request;
	const struct promotion_pod *pod;
	const char *firmware_name;
	struct cloud_rehearsal *cloud;
	uint64_t start_ms;
	uint64_t signal_ms; /* when the signal came; 0: not yet */
	bool is_told;
	bool is_cancelled;
};

static void take_log(const char *stream, const char *text, void *arg)
{
	const struct boot *boot = arg;
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
	strbuf_append_printable(&line, stream, strcspn(stream, " "));
	strbuf_append(&line, " | ");
	strbuf_append_printable(&line, text, strlen(text));
	bool is_colored = boot->request->invocation->is_colored_stderr;
	(void)fprintf(stderr, "%s%s%s\n", style_begin(STYLE_DIM, is_colored), strbuf_text(&line),
		      style_begin(STYLE_NONE, is_colored));
}

static bool answer(const char *bytes, size_t size, struct strbuf *ret, void *arg)
{
	struct boot *boot = arg;
	return boot->request->cloud->answer(boot->cloud, bytes, size, ret);
}

static enum rehearsal_verdict hold(struct boot *boot)
{
	if (!boot->is_told)
		output_note(boot->request->invocation, "%s (%s) is ready; Ctrl-C ends it",
			    boot->pod->pod->name, boot->firmware_name);
	boot->is_told = true;
	return interrupt_is_set() ? REHEARSAL_IS_OVER : REHEARSAL_HOLDS;
}

static enum rehearsal_verdict judge(void *arg)
{
	struct boot *boot = arg;
	const struct cloud_rehearsal_facts *facts = boot->request->cloud->facts(boot->cloud);
	if (facts->signal == REHEARSAL_NO_SIGNAL) {
		boot->is_cancelled = interrupt_is_set();
		return boot->is_cancelled ? REHEARSAL_IS_OVER : REHEARSAL_GOES_ON;
	}
	if (boot->signal_ms == 0)
		boot->signal_ms = clock_monotonic_ms();
	if (facts->signal == REHEARSAL_READY && boot->request->holds)
		return hold(boot);
	bool is_over = facts->signal == REHEARSAL_FAILED || facts->booted[0] != '\0' ||
		       clock_monotonic_ms() - boot->signal_ms >= LAST_WORD_MS;
	return is_over ? REHEARSAL_IS_OVER : REHEARSAL_HOLDS;
}

/* --- what came of it ------------------------------------------------------------------------ */

static bool check_facts(const struct boot *boot, struct error *err)
{
	const struct cloud_rehearsal_facts *facts = boot->request->cloud->facts(boot->cloud);
	if (boot->is_cancelled)
		return error_set(err, ERROR_CANCELLED, "interrupted");
	if (facts->signal == REHEARSAL_FAILED)
		return error_set(err, ERROR_INVALID, "the pod says that it failed");
	if (facts->booted[0] == '\0' && !boot->request->holds)
		output_warning(boot->request->invocation,
			       "it is ready, but did not say which disk it booted");
	if (facts->booted[0] != '\0' &&
	    strcmp(facts->booted, DIGEST_TEXT(&boot->pod->disk.digest)) != 0)
		return error_set(err, ERROR_CORRUPT, "it read %s from its disk", facts->booted);
	for (size_t i = 0; i < facts->refusals.count; i++)
		output_warning(boot->request->invocation, "refused: %s", facts->refusals.items[i]);
	if (facts->refusals.count > 0)
		return error_set(err, ERROR_DENIED, "the cloud would have refused %zu of its calls",
				 facts->refusals.count);
	return true;
}

/* How far it came, for one that did not become ready. */
static const char *describe_stage(const struct cloud_rehearsal_facts *facts)
{
	if (!facts->has_token)
		return "it never asked 169.254.169.254 for a token: look at boot loader, kernel "
		       "and "
		       "network";
	if (!facts->has_user_data)
		return "it never fetched its user data";
	if (facts->signed_calls == 0)
		return "it has its release, and made no call since";
	return "its readiness probe did not pass, or it falls over within three seconds";
}

static void print_console(const struct boot *boot, const char *console)
{
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	string_list_split(&lines, console != NULL ? console : "", '\n');
	for (size_t i = 0; i < lines.count; i++)
		(void)fprintf(stderr, "%s console | %s\n", boot->pod->pod->name, lines.items[i]);
}

static void report(const struct boot *boot)
{
	const struct cloud_rehearsal_facts *facts = boot->request->cloud->facts(boot->cloud);
	uint64_t ms = boot->signal_ms - boot->start_ms;
	struct json_writer *json = boot->request->json;
	if (json == NULL) {
		printf("%s  %s  %s  ready after %" PRIu64 ".%" PRIu64
		       " s: metadata token, %zu bytes of user data, %u parameters, %u signed "
		       "calls, %u log lines, booted digest %s\n",
		       boot->pod->pod->name, boot->firmware_name,
		       DIGEST_TEXT(&boot->pod->disk.digest), ms / 1000, ms % 1000 / 100,
		       facts->user_data_bytes, facts->parameters, facts->signed_calls,
		       facts->log_lines, facts->booted[0] != '\0' ? "equal" : "not yet known");
		for (size_t i = 0; i < facts->names.count; i++)
			printf("%s  %s  leads to it\n", boot->pod->pod->name,
			       facts->names.items[i]);
		(void)fflush(stdout);
		return;
	}
	json_open_object(json, NULL);
	json_write_text(json, "pod", boot->pod->pod->name);
	json_write_text(json, "firmware", boot->firmware_name);
	json_write_text(json, "imageDigest", DIGEST_TEXT(&boot->pod->disk.digest));
	json_write_text(json, "configDigest", DIGEST_TEXT(&boot->pod->config.digest));
	json_write_unsigned(json, "readyMs", ms);
	json_write_unsigned(json, "userDataBytes", facts->user_data_bytes);
	json_write_unsigned(json, "parameters", facts->parameters);
	json_write_unsigned(json, "signedCalls", facts->signed_calls);
	json_write_unsigned(json, "logLines", facts->log_lines);
	json_write_texts(json, "names", &facts->names);
	json_write_text(json, "bootedDigest", facts->booted[0] != '\0' ? facts->booted : NULL);
	json_close(json);
}

/* --- the machine ---------------------------------------------------------------------------- */

static struct rehearsal_disk *make_volumes(const struct cloud_rehearsal_facts *facts)
{
	struct rehearsal_disk *volumes = xcalloc(facts->volume_count + 1, sizeof(*volumes));
	for (size_t i = 0; i < facts->volume_count; i++)
		volumes[i] = (struct rehearsal_disk){.serial = facts->volumes[i].serial,
						     .size_bytes = facts->volumes[i].size_bytes};
	return volumes;
}

static bool run_machine(struct boot *boot, const struct rehearsal_firmware *firmware, bool is_kvm,
			struct error *err)
{
	const struct cloud_rehearsal_facts *facts = boot->request->cloud->facts(boot->cloud);
	AUTO_FREE struct rehearsal_disk *volumes = make_volumes(facts);
	char program[MAX_PROGRAM];
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (size < 0)
		return error_set_errno(err, errno, "/proc/self/exe");
	program[size] = '\0';
	const struct rehearsal_vm vm = {
		.disk = boot->pod->disk.path,
		.disk_bytes = boot->pod->disk.size_bytes,
		.firmware = firmware,
		.is_kvm = is_kvm,
		.memory_bytes = boot->request->memory_bytes,
		.volumes = volumes,
		.volume_count = facts->volume_count,
		.ports = boot->request->ports,
		.port_count = boot->request->port_count,
		.program = program,
	};
	struct rehearsal_run run = {.answer = answer,
				    .judge = judge,
				    .arg = boot,
				    .timeout_ms = boot->request->timeout_ms};
	boot->start_ms = clock_monotonic_ms();
	bool is_over = rehearsal_vm_run(&vm, &run, err);
	bool is_ok = is_over && check_facts(boot, err);
	AUTO_FREE char *console = run.console;
	if (!is_ok && !boot->is_cancelled)
		print_console(boot, console);
	return is_ok || is_over || error_hint(err, "%s", describe_stage(facts));
}

static bool boot_once(const struct rehearsal_request *request, const struct promotion_pod *pod,
		      const struct app *app, const struct rehearsal_firmware *firmware, bool is_kvm,
		      struct error *err)
{
	struct boot boot = {.request = request,
			    .pod = pod,
			    .firmware_name = firmware != NULL ? "uefi" : "bios"};
	const struct cloud_rehearsal_input input = {
		.app = app,
		.pod = pod->pod,
		.id = {pod->disk.digest, pod->config.digest},
		.config_json = pod->config.json,
		.stack = request->stack,
		.region = request->region,
		.environment = request->environment,
		.log = take_log,
		.log_arg = &boot,
	};
	output_note(request->invocation, "rehearsing %s (%s)", pod->pod->name, boot.firmware_name);
	boot.cloud = request->cloud->open(&input, err);
	bool is_ok = boot.cloud != NULL && run_machine(&boot, firmware, is_kvm, err) &&
		     err->kind == ERROR_NONE;
	if (is_ok)
		report(&boot);
	if (boot.cloud != NULL)
		request->cloud->close(boot.cloud);
	return is_ok || error_prefix(err, "pod '%s' (%s)", pod->pod->name, boot.firmware_name);
}

/* --- all ------------------------------------------------------------------------------------ */

/* What is booted is what would be sent: its bytes, not its name. */
static bool check_disk(const struct promotion_pod *pod, struct error *err)
{
	struct digest digest;
	AUTO_CLOSE int fd = open(pod->disk.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "%s", pod->disk.path);
	if (!sha256_fd(fd, &digest, err))
		return false;
	if (digest_equal(&digest, &pod->disk.digest))
		return true;
	(void)error_set(err, ERROR_CORRUPT, "pod '%s': %s hashes to %s", pod->pod->name,
			pod->disk.path, DIGEST_TEXT(&digest));
	return error_hint(err, "i2kit verify");
}

static bool choose_firmware(const struct rehearsal_request *request,
			    const struct rehearsal_firmware **ret_uefi, struct error *err)
{
	*ret_uefi = request->has_uefi ? rehearsal_find_uefi() : NULL;
	if (!request->has_uefi || *ret_uefi != NULL)
		return true;
	(void)error_set(err, ERROR_NOT_FOUND,
			"there is no UEFI firmware for virtual machines here");
	return error_hint(err,
			  "apt-get install ovmf; or --firmware bios, which leaves half unproved");
}

static bool is_wanted(const struct rehearsal_request *request, const char *pod)
{
	return request->pods == NULL || request->pods->count == 0 ||
	       string_list_has(request->pods, pod);
}

static bool check_names(const struct rehearsal_request *request, const struct app *app,
			struct error *err)
{
	for (size_t i = 0; request->pods != NULL && i < request->pods->count; i++)
		if (app_find_pod(app, request->pods->items[i]) == NULL)
			return manifest_files_no_pod(app, request->pods->items[i], err);
	return true;
}

bool rehearsal_run_all(const struct rehearsal_request *request, const struct promotion *promotion,
		       struct error *err)
{
	AUTO(accel_clear) struct accel accel = {0};
	const struct rehearsal_firmware *uefi = NULL;
	if (!check_names(request, promotion->app, err) || !choose_firmware(request, &uefi, err) ||
	    !accel_choose("auto", &accel, err))
		return false;
	for (size_t i = 0; i < promotion->count; i++) {
		const struct promotion_pod *pod = &promotion->pods[i];
		if (!is_wanted(request, pod->pod->name))
			continue;
		if (!check_disk(pod, err))
			return false;
		if (request->has_bios &&
		    !boot_once(request, pod, promotion->app, NULL, accel.is_kvm, err))
			return false;
		if (request->has_uefi &&
		    !boot_once(request, pod, promotion->app, uefi, accel.is_kvm, err))
			return false;
	}
	return true;
}
