/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/power_button.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "base/string_list.h"
#include "guest/machine/machine.h"

#define INPUTS "/dev/input"

struct power_button {
	power_button_fn *fn;
	void *arg;
};

static void on_input(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	const struct power_button *button = arg;
	struct input_event inputs[16];
	ssize_t size = read(fd, inputs, sizeof(inputs));
	(void)events;
	if (size <= 0 && (size == 0 || errno != EAGAIN)) {
		loop_fd_remove(source); /* the device is gone */
		(void)close(fd);
		return;
	}
	for (ssize_t i = 0; i < size / (ssize_t)sizeof(inputs[0]); i++) {
		if (inputs[i].type == EV_KEY && inputs[i].code == KEY_POWER && inputs[i].value == 1)
			button->fn(button->arg);
	}
}

static bool has_power_key(int fd)
{
	unsigned char keys[KEY_MAX / 8 + 1] = {0};
	return ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) >= 0 &&
	       (keys[KEY_POWER / 8] >> (KEY_POWER % 8) & 1) != 0;
}

void power_button_watch(struct loop *loop, power_button_fn *fn, void *arg)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	(void)machine_load_by_name("", "evdev");
	(void)machine_load_by_name("", "button");
	if (!folder_list(INPUTS, &names, NULL))
		return; /* a machine without ACPI */
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = path_join(INPUTS, names.items[i]);
		AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || !has_power_key(fd))
			continue;
		struct power_button *button = xcalloc(1, sizeof(*button)); /* for good */
		*button = (struct power_button){.fn = fn, .arg = arg};
		(void)loop_add_fd(loop, take_fd(&fd), LOOP_READ, on_input, button);
	}
}
