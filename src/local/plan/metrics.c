/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/*
 * One family: its samples stand together, one for each pod, instance, container or port. A sample
 * function appends nothing where there is no value.
 */
struct sample {
	const struct project_status *status;
	const struct pod_status *pod;
	const struct instance_status *instance;
	const struct container_status *container;
	const struct port_status *port;
};
typedef void sample_fn(struct strbuf *out, const char *name, const struct sample *sample);

enum level { OF_POD, OF_INSTANCE, OF_CONTAINER, OF_PORT };

struct family {
	const char *name;
	const char *type;
	const char *unit; /* "" or the last word of the name */
	const char *help;
	enum level level;
	sample_fn *append;
};

/* ---- the pieces of a line ---- */

/* In quotes a label's value escapes these three; what is no UTF-8 has no place in the format. */
static void append_value_text(struct strbuf *out, const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size;) {
		size_t width = utf8_width(text + i, size - i);
		if (width == 0) {
			strbuf_append(out, "\xef\xbf\xbd"); /* U+FFFD */
			i++;
			continue;
		}
		if (text[i] == '\\' || text[i] == '"')
			strbuf_append_char(out, '\\');
		if (text[i] == '\n')
			strbuf_append(out, "\\n");
		else
			strbuf_append_bytes(out, text + i, width);
		i += width;
	}
}

static void append_label(struct strbuf *out, const char *name, const char *value)
{
	strbuf_appendf(out, "%s%s=\"", out->data[out->size - 1] == '{' ? "" : ",", name);
	append_value_text(out, value != NULL ? value : "");
	strbuf_append_char(out, '"');
}

/* Whose value it is; the line goes on with more labels or end_labels(). */
static void begin(struct strbuf *out, const char *name, const char *suffix,
		  const struct sample *sample)
{
	strbuf_appendf(out, "%s%s{", name, suffix);
	append_label(out, "project", sample->status->project);
	if (sample->pod != NULL)
		append_label(out, "pod", sample->pod->name);
	if (sample->instance != NULL) {
		append_label(out, "pod", sample->instance->pod);
		append_label(out, "instance", sample->instance->name);
	}
	if (sample->container != NULL)
		append_label(out, "container", sample->container->name);
	if (sample->port != NULL) {
		append_label(out, "service", sample->port->service);
		strbuf_appendf(out, ",port=\"%u\"", (unsigned)sample->port->service_port);
		append_label(out, "protocol", sample->port->is_udp ? "udp" : "tcp");
	}
}

static void end(struct strbuf *out, uint64_t value)
{
	strbuf_appendf(out, "} %" PRIu64 "\n", value);
}

/* Exact: no floating point between a count of microseconds and its text. */
static void end_micros(struct strbuf *out, uint64_t micros)
{
	strbuf_appendf(out, "} %" PRIu64 ".%06" PRIu64 "\n", micros / 1000000, micros % 1000000);
}

static void gauge(struct strbuf *out, const char *name, const struct sample *sample, uint64_t value)
{
	begin(out, name, "", sample);
	end(out, value);
}

static void counter(struct strbuf *out, const char *name, const struct sample *sample,
		    uint64_t value)
{
	begin(out, name, "_total", sample);
	end(out, value);
}

/* ---- pods ---- */

static void replicas(struct strbuf *out, const char *name, const struct sample *sample)
{
	gauge(out, name, sample, sample->pod->desired);
}

static void ready_replicas(struct strbuf *out, const char *name, const struct sample *sample)
{
	gauge(out, name, sample, sample->pod->ready);
}

/* ---- instances ---- */

static bool is_measured(const struct sample *sample)
{
	return sample->instance->stats_time_ns != 0;
}

static void info(struct strbuf *out, const char *name, const struct sample *sample)
{
	const struct instance_status *instance = sample->instance;

	begin(out, name, "_info", sample);
	append_label(out, "uuid", instance->uuid);
	append_label(out, "accelerator", instance->is_kvm ? "kvm" : "tcg");
	append_label(out, "image", DIGEST_TEXT(&instance->release.image));
	append_label(out, "config", DIGEST_TEXT(&instance->release.config));
	append_label(out, "dirty", instance->is_dirty ? "true" : "false");
	end(out, 1);
}

/* A StateSet: one sample for each state, the label is called as the family. */
static void state(struct strbuf *out, const char *name, const struct sample *sample)
{
	for (int i = INSTANCE_PENDING; i <= INSTANCE_CRASHED; i++) {
		begin(out, name, "", sample);
		append_label(out, name, instance_state_name((enum instance_state)i));
		end(out, sample->instance->state == (enum instance_state)i ? 1 : 0);
	}
}

static void ready(struct strbuf *out, const char *name, const struct sample *sample)
{
	gauge(out, name, sample, sample->instance->is_ready ? 1 : 0);
}

static void created(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (sample->instance->created_ns <= 0)
		return;
	begin(out, name, "", sample);
	end_micros(out, (uint64_t)sample->instance->created_ns / 1000);
}

static void boot(struct strbuf *out, const char *name, const struct sample *sample)
{
	for (size_t i = 0; i < sample->instance->stage_count; i++) {
		const struct boot_stage *stage = &sample->instance->stages[i];
		bool is_repeated = false;
		for (size_t k = 0; k < i; k++)
			is_repeated = is_repeated ||
				      strcmp(sample->instance->stages[k].name, stage->name) == 0;
		if (is_repeated) /* a sample of a family stands once */
			continue;
		begin(out, name, "", sample);
		append_label(out, "stage", stage->name);
		end_micros(out, stage->since_start_ms * 1000);
	}
}

static void container_restarts_all(struct strbuf *out, const char *name,
				   const struct sample *sample)
{
	counter(out, name, sample, sample->instance->restarts);
}

static void vm_restarts(struct strbuf *out, const char *name, const struct sample *sample)
{
	counter(out, name, sample, sample->instance->vm_restarts);
}

static void cpus(struct strbuf *out, const char *name, const struct sample *sample)
{
	gauge(out, name, sample, sample->instance->cpu_count);
}

static void cpu_seconds(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (!is_measured(sample))
		return;
	begin(out, name, "_total", sample);
	end_micros(out, sample->instance->cpu_usec);
}

static void memory(struct strbuf *out, const char *name, const struct sample *sample)
{
	gauge(out, name, sample, sample->instance->memory_bytes);
}

static void memory_used(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (is_measured(sample))
		gauge(out, name, sample, sample->instance->memory_used_bytes);
}

static void received(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (is_measured(sample))
		counter(out, name, sample, sample->instance->rx_bytes);
}

static void sent(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (is_measured(sample))
		counter(out, name, sample, sample->instance->tx_bytes);
}

static void measured(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (!is_measured(sample))
		return;
	begin(out, name, "", sample);
	end_micros(out, (uint64_t)sample->instance->stats_time_ns / 1000);
}

/* ---- containers ---- */

static void container_ready(struct strbuf *out, const char *name, const struct sample *sample)
{
	gauge(out, name, sample, sample->container->is_ready ? 1 : 0);
}

static void container_restarts(struct strbuf *out, const char *name, const struct sample *sample)
{
	counter(out, name, sample, sample->container->restarts);
}

static void exit_code(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (sample->container->exit_code >= 0)
		gauge(out, name, sample, (uint64_t)sample->container->exit_code);
}

static bool runs(const struct sample *sample)
{
	return is_measured(sample) && sample->container->state == CONTAINER_RUNNING;
}

static void container_cpu(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (!runs(sample))
		return;
	begin(out, name, "_total", sample);
	end_micros(out, sample->container->cpu_usec);
}

static void container_memory(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (runs(sample))
		gauge(out, name, sample, sample->container->memory_bytes);
}

static void container_read(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (runs(sample))
		counter(out, name, sample, sample->container->read_bytes);
}

static void container_written(struct strbuf *out, const char *name, const struct sample *sample)
{
	if (runs(sample))
		counter(out, name, sample, sample->container->write_bytes);
}

/* ---- ports ---- */

static void backends(struct strbuf *out, const char *name, const struct sample *sample)
{
	gauge(out, name, sample, sample->port->backends);
}

static void connections(struct strbuf *out, const char *name, const struct sample *sample)
{
	gauge(out, name, sample, sample->port->connections);
}

static void accepted(struct strbuf *out, const char *name, const struct sample *sample)
{
	counter(out, name, sample, sample->port->total_connections);
}

/* doc/metrics.md has the same list; tests compare the two. */
static const struct family families[] = {
	{"i2kit_pod_replicas", "gauge", "", "VMs the pod is to have", OF_POD, replicas},
	{"i2kit_pod_ready_replicas", "gauge", "", "VMs of it that are ready", OF_POD,
	 ready_replicas},
	{"i2kit_instance", "info", "", "the VM and the release it runs", OF_INSTANCE, info},
	{"i2kit_instance_state", "stateset", "", "the state that ps shows", OF_INSTANCE, state},
	{"i2kit_instance_ready", "gauge", "", "1 while all its containers are ready", OF_INSTANCE,
	 ready},
	{"i2kit_instance_created_timestamp_seconds", "gauge", "seconds",
	 "when the VM was made, since 1970", OF_INSTANCE, created},
	{"i2kit_instance_boot_seconds", "gauge", "seconds",
	 "from the start of the VM to the end of each stage; the last is ready", OF_INSTANCE, boot},
	{"i2kit_instance_container_restarts", "counter", "", "restarts of its containers, summed",
	 OF_INSTANCE, container_restarts_all},
	{"i2kit_instance_vm_restarts", "counter", "", "times the VM was started again", OF_INSTANCE,
	 vm_restarts},
	{"i2kit_instance_cpus", "gauge", "", "virtual CPUs", OF_INSTANCE, cpus},
	{"i2kit_instance_cpu_seconds", "counter", "seconds", "CPU time of its containers",
	 OF_INSTANCE, cpu_seconds},
	{"i2kit_instance_memory_bytes", "gauge", "bytes", "the VM's memory", OF_INSTANCE, memory},
	{"i2kit_instance_memory_used_bytes", "gauge", "bytes", "memory in use inside the VM",
	 OF_INSTANCE, memory_used},
	{"i2kit_instance_network_receive_bytes", "counter", "bytes",
	 "bytes that came in by the VM's interfaces", OF_INSTANCE, received},
	{"i2kit_instance_network_transmit_bytes", "counter", "bytes",
	 "bytes that went out by the VM's interfaces", OF_INSTANCE, sent},
	{"i2kit_instance_measured_timestamp_seconds", "gauge", "seconds",
	 "when the guest measured these, since 1970", OF_INSTANCE, measured},
	{"i2kit_container_ready", "gauge", "", "1 while it is ready", OF_CONTAINER,
	 container_ready},
	{"i2kit_container_restarts", "counter", "", "times it was started again", OF_CONTAINER,
	 container_restarts},
	{"i2kit_container_last_exit_code", "gauge", "", "with what it ended last", OF_CONTAINER,
	 exit_code},
	{"i2kit_container_cpu_seconds", "counter", "seconds", "CPU time", OF_CONTAINER,
	 container_cpu},
	{"i2kit_container_memory_bytes", "gauge", "bytes", "memory of its cgroup", OF_CONTAINER,
	 container_memory},
	{"i2kit_container_fs_read_bytes", "counter", "bytes", "bytes read from disks", OF_CONTAINER,
	 container_read},
	{"i2kit_container_fs_write_bytes", "counter", "bytes", "bytes written to disks",
	 OF_CONTAINER, container_written},
	{"i2kit_service_backends", "gauge", "", "ready VMs behind the port", OF_PORT, backends},
	{"i2kit_service_connections", "gauge", "", "connections open from this machine", OF_PORT,
	 connections},
	{"i2kit_service_accepted_connections", "counter", "", "connections so far", OF_PORT,
	 accepted},
};

static void append_instances(struct strbuf *out, const struct family *family,
			     const struct project_status *status)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		struct sample sample = {.status = status, .instance = instance};
		if (family->level == OF_INSTANCE) {
			family->append(out, family->name, &sample);
			continue;
		}
		for (size_t c = 0; c < instance->container_count; c++) {
			sample.container = &instance->containers[c];
			family->append(out, family->name, &sample);
		}
	}
}

static void append_samples(struct strbuf *out, const struct family *family,
			   const struct project_status *status)
{
	for (size_t i = 0; family->level == OF_POD && i < status->pod_count; i++) {
		struct sample sample = {.status = status, .pod = &status->pods[i]};
		family->append(out, family->name, &sample);
	}
	for (size_t i = 0; family->level == OF_PORT && i < status->port_count; i++) {
		struct sample sample = {.status = status, .port = &status->ports[i]};
		if (sample.port->outside != NULL)
			continue; /* nothing of it passes here */
		family->append(out, family->name, &sample);
	}
	if (family->level == OF_INSTANCE || family->level == OF_CONTAINER)
		append_instances(out, family, status);
}

char *metrics_text(const struct project_status *status)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *family = &families[i];
		strbuf_appendf(&out, "# TYPE %s %s\n", family->name, family->type);
		if (family->unit[0] != '\0')
			strbuf_appendf(&out, "# UNIT %s %s\n", family->name, family->unit);
		strbuf_appendf(&out, "# HELP %s %s\n", family->name, family->help);
		append_samples(&out, family, status);
	}
	strbuf_append(&out, "# EOF\n");
	return strbuf_take(&out);
}
