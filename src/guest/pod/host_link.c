/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/host_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "guest/channel/say.h"
#include "guest/machine/machine.h"
#include "guest/machine/network.h"
#include "guest/pod/exec_table.h"
#include "guest/pod/stats.h"
#include "guest/pod/template.h"
#include "guest/pod/tunnel_table.h"
#include "guest/pod/volume_touch.h"
#include "wire/request.h"

#define PORT_NAME "org.i2kit.agent.0"

static const char *state_name(const struct guest *guest)
{
	if (!guest->has_release)
		return "waiting";
	return kubelet_phase(guest->kubelet);
}

static char *greeting(const uint8_t *nonce, void *arg)
{
	struct guest *guest = arg;
	template_wake(guest, nonce);
	AUTO(hello_clear)
	struct hello hello = {.version = WIRE_VERSION,
			      .state = xstrdup(state_name(guest)),
			      .boot = xstrdup(guest->life),
			      .answers_pings = true,
			      .takes_touches = true,
			      .takes_holds = true,
			      .takes_templates = true};
	return hello_write(&hello);
}

static void on_up(void *arg)
{
	struct guest *guest = arg;
	log_ring_rewind(guest->logs);
	events_replay(guest->events);
}

static void on_down(void *arg)
{
	struct guest *guest = arg;
	exec_table_clear(guest->execs);
	tunnel_table_clear(guest->tunnels);
	stats_stop(guest->stats);
}

static void on_drained(void *arg)
{
	struct guest *guest = arg;
	events_pump(guest->events);
	exec_table_pump(guest->execs);
	tunnel_table_pump(guest->tunnels);
	guest_send_logs(guest);
}

static void take_hosts(struct guest *guest, const struct wire_message *message)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct host_list list = {0};
	if (!guest->has_release)
		return;
	if (!host_list_read(message->bytes, message->size, &list, &err)) {
		say("%s", err.message);
		return;
	}
	host_list_clear(&guest->release.hosts);
	guest->release.hosts = list;
	if (!guest_write_names(guest, &err))
		say("%s", err.message);
}

static void take_shutdown(struct guest *guest, const struct wire_message *message)
{
	int64_t grace_s = -1;
	(void)!shutdown_read(message->bytes, message->size, &grace_s, NULL);
	guest_shutdown(guest, grace_s < 0 ? -1 : grace_s * 1000);
}

static void take_file(const struct wire_message *message)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(file_push_clear) struct file_push file = {0};
	const uint8_t *end = memchr(message->bytes, 0, message->size);
	size_t header = end != NULL ? (size_t)(end - message->bytes) : message->size;
	if (!file_push_read(message->bytes, header, &file, &err) ||
	    !volumes_push_file(&file, end != NULL ? end + 1 : message->bytes + message->size,
			       end != NULL ? message->size - header - 1 : 0, &err))
		say("pushed file: %s", err.message);
}

static void take_touch(const struct wire_message *message)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(file_push_clear) struct file_push file = {0};
	if (!file_push_read(message->bytes, message->size, &file, &err))
		say("%s", err.message);
	else
		volume_touch(&file);
}

static void take_numbers(struct guest *guest, const struct wire_message *message)
{
	if (message->type == WIRE_LOG_ACK && message->size == 8) {
		log_ring_acknowledge(guest->logs, bytes_get_u64(message->bytes));
		guest_send_logs(guest);
	} else if (message->type == WIRE_STATS_REQUEST && message->size == 4) {
		stats_request(guest->stats, bytes_get_u32(message->bytes));
	} else if (message->type == WIRE_TIME && message->size == 8) {
		machine_set_wall_ns((int64_t)bytes_get_u64(message->bytes));
		template_woke(guest);
	}
}

static void take_window(struct guest *guest, const struct wire_message *message)
{
	if (message->size != 4)
		return;
	uint32_t bytes = bytes_get_u32(message->bytes);
	if (!exec_table_window(guest->execs, message->stream, bytes))
		tunnel_table_window(guest->tunnels, message->stream, bytes);
}

static void on_message(const struct wire_message *message, void *arg)
{
	struct guest *guest = arg;
	switch (message->type) {
	case WIRE_RELEASE:
		guest_take_release(guest, message->bytes, message->size);
		break;
	case WIRE_TEMPLATE:
		template_take(guest);
		break;
	case WIRE_HOSTS:
		take_hosts(guest, message);
		break;
	case WIRE_SHUTDOWN:
		take_shutdown(guest, message);
		break;
	case WIRE_FILE_PUSH:
		take_file(message);
		break;
	case WIRE_FILE_TOUCH:
		take_touch(message);
		break;
	case WIRE_EXEC_START:
	case WIRE_EXEC_STDIN:
	case WIRE_EXEC_RESIZE:
	case WIRE_EXEC_SIGNAL:
		exec_table_take(guest->execs, message);
		break;
	case WIRE_TUNNEL_OPEN:
	case WIRE_TUNNEL_DATA:
	case WIRE_TUNNEL_CLOSE:
		tunnel_table_take(guest->tunnels, message);
		break;
	case WIRE_PING:
		channel_send(guest->channel, WIRE_PONG, 0, "", 0);
		break;
	case WIRE_WINDOW:
		take_window(guest, message);
		break;
	default:
		take_numbers(guest, message);
		break;
	}
}

/* "/dev/vport1p1" of our port's name; owned, or NULL. */
static char *find_port(void)
{
	AUTO(string_list_clear) struct string_list ports = STRING_LIST_INIT;
	if (!folder_list("/sys/class/virtio-ports", &ports, NULL))
		return NULL;
	for (size_t i = 0; i < ports.count; i++) {
		AUTO_FREE char *path = xasprintf("/sys/class/virtio-ports/%s/name", ports.items[i]);
		AUTO_FREE char *name = NULL;
		if (!file_read(path, 256, &name, NULL, NULL))
			continue;
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, PORT_NAME) == 0)
			return xasprintf("/dev/%s", ports.items[i]);
	}
	return NULL;
}

void host_link_attach(struct guest *guest, int fd)
{
	static const struct channel_handler handler = {.greeting = greeting,
						       .up = on_up,
						       .down = on_down,
						       .message = on_message,
						       .drained = on_drained};
	events_set_channel(guest->events, NULL);
	channel_free(guest->channel);
	guest->channel = channel_new(guest->loop, fd, &handler, guest);
	events_set_channel(guest->events, guest->channel);
}

void host_link_open(struct guest *guest)
{
	AUTO_FREE char *path = find_port();
	if (path == NULL)
		return;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		say("agent channel %s: %s", path, strerror(errno));
	else
		host_link_attach(guest, fd);
}
