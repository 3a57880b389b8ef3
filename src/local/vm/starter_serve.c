/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/starter_serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/fence.h"
#include "base/message_socket.h"
#include "base/path.h"
#include "local/vm/accel.h"
#include "local/vm/connection.h"
#include "local/vm/disk_tool.h"
#include "local/vm/network_filter.h"
#include "local/vm/proxy_process.h"
#include "local/vm/share.h"
#include "local/vm/starter_request.h"

enum { STACK_BYTES = 256 << 10, END_TRIES = 300, END_PAUSE_MS = 10 };

/* Below our own folders, where the supervisor may write as well: it gains nothing by asking. */
static bool is_below(enum path_folder folder, const char *below, const char *path)
{
	AUTO_FREE char *parent = path_folder(folder, below);
	size_t length = strlen(parent);

	return strncmp(path, parent, length) == 0 && path[length] == '/';
}

static bool is_disk(const char *path)
{
	return is_below(PATH_DATA, "volumes", path) || is_below(PATH_STATE, "projects", path);
}

/* Set before there are threads. */
static const struct string_list *shared_folders;

static bool check_places(const struct starter_request *request, struct error *err)
{
	bool is_good = true;

	switch (request->kind) {
	case STARTER_SHARE:
		if (!string_list_has(shared_folders, request->path))
			return error_set(err, ERROR_DENIED,
					 "%s is none of the folders that this project's pods are "
					 "given",
					 request->path);
		is_good = is_below(PATH_RUNTIME, "vm", request->other);
		break;
	case STARTER_COPY_DISK:
		is_good = is_disk(request->path) && is_disk(request->other);
		break;
	case STARTER_MAKE_DISK:
	case STARTER_GROW_DISK:
		is_good = is_disk(request->path);
		break;
	case STARTER_FORMAT_DISK:
		is_good = is_below(PATH_CACHE, "scratch", request->path);
		break;
	case STARTER_PROXY:
		is_good = is_below(PATH_RUNTIME, NULL, request->path);
		break;
	default:
		break;
	}
	return is_good ||
	       error_set(err, ERROR_DENIED, "%s is none of i2kit's places",
			 request->kind == STARTER_SHARE ? request->other : request->path);
}

static bool start_libvirt(struct error *err)
{
	virConnectPtr connection = connection_open("qemu:///session", err);

	if (connection == NULL)
		return false;
	(void)virConnectClose(connection);
	return true;
}

static bool share(const struct starter_request *request, struct error *err)
{
	const struct share_options options = {.folder = request->path,
					      .socket = request->other,
					      .is_read_only = request->is_read_only};

	return share_start(&options, err);
}

/* Threads of proxies, which end what they started before this process does. */
static atomic_uint proxy_count;

static bool serve_proxy(const struct starter_request *request, int connection, struct error *err)
{
	AUTO_FREE int *fds = xcalloc(request->fd_count + 1, sizeof(*fds));
	size_t count = 0;

	while (count < request->fd_count && (fds[count] = message_receive_fd(connection)) >= 0)
		count++;
	/* Asked after they have come: a connection that ends unread takes its answer along. */
	bool is_right = count == request->fd_count
				? check_places(request, err)
				: error_set(err, ERROR_INVALID, "a descriptor did not come");
	while (!is_right && count > 0)
		(void)close(fds[--count]);
	if (!is_right)
		return false;
	atomic_fetch_add(&proxy_count, 1);
	bool is_good = proxy_process_serve(request->path, fds, count, connection, err);
	atomic_fetch_sub(&proxy_count, 1);
	return is_good;
}

static bool act(const struct starter_request *request, int connection, struct error *err)
{
	if (request->kind == STARTER_PROXY)
		return serve_proxy(request, connection, err);
	if (!check_places(request, err))
		return false;
	/* It is the user's, and so is what it starts: none of our business what it may do. */
	if (request->kind == STARTER_LIBVIRT)
		return start_libvirt(err);
	if (!fence_calls(err))
		return false;
	switch (request->kind) {
	case STARTER_SHARE:
		return share(request, err);
	case STARTER_MAKE_DISK:
		return disk_tool_make(request->path, request->size_bytes, err);
	case STARTER_COPY_DISK:
		return disk_tool_copy(request->path, request->other, err);
	case STARTER_GROW_DISK:
		return disk_tool_grow(request->path, request->size_bytes, err);
	case STARTER_FORMAT_DISK:
		return disk_tool_format(request->path, request->has_quota, err);
	case STARTER_FILTER:
		return network_filter_load(request->text, err);
	case STARTER_TEST_KVM:
		return accel_try("kvm", err);
	default:
		return error_set(err, ERROR_INVALID, "an unknown request");
	}
}

static bool receive(int fd, struct starter_request *ret, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;

	return message_receive(fd, STARTER_MESSAGE_MAX, &bytes, &size, err) &&
	       starter_request_read(bytes, size, ret, err);
}

static void *serve_one(void *arg)
{
	AUTO_CLOSE int fd = (int)(intptr_t)arg;
	AUTO(starter_request_clear) struct starter_request request = {0};
	AUTO(error_clear) struct error problem = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	if ((!receive(fd, &request, &problem) || !act(&request, fd, &problem)) &&
	    problem.kind == ERROR_NONE)
		(void)error_set(&problem, ERROR_SYSTEM, "failed");
	starter_answer_write(&problem, &out);
	(void)!message_send(fd, &out, NULL);
	return NULL;
}

bool starter_serve(int socket_fd, const struct string_list *folders, struct error *err)
{
	pthread_attr_t attributes;
	int fd;

	shared_folders = folders;
	if (pthread_attr_init(&attributes) != 0 ||
	    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) != 0 ||
	    pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0)
		return error_set(err, ERROR_SYSTEM, "cannot set up threads");
	connection_silence();
	while ((fd = message_receive_fd(socket_fd)) >= 0) {
		pthread_t thread;
		/* One that is not answered learns so by the end of its connection. */
		if (pthread_create(&thread, &attributes, serve_one, (void *)(intptr_t)fd) != 0)
			(void)close(fd);
	}
	(void)pthread_attr_destroy(&attributes);
	for (unsigned i = 0; i < END_TRIES && atomic_load(&proxy_count) > 0; i++)
		(void)poll(NULL, 0, END_PAUSE_MS);
	return true;
}
