/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/service_redirect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/machine/bpf_program.h"

#define MAX_PLACES 4096

/* As struct bpf_sock_addr has them: network byte order. */
struct place {
	uint32_t ip;
	uint32_t port;
};

/* All live as long as the guest does. */
static int map_fd = -1;
static int back_fd = -1; /* from where the guest listens to what it stands for */
static bool is_started;

#define LOAD(to, from, at)                                                                         \
	{                                                                                          \
		BPF_LDX | BPF_MEM | BPF_W, (to), (from), (at), 0                                   \
	}
#define STORE(to, at, from)                                                                        \
	{                                                                                          \
		BPF_STX | BPF_MEM | BPF_W, (to), (from), (at), 0                                   \
	}
#define MOVE(to, from)                                                                             \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_X, (to), (from), 0, 0                                    \
	}
#define SET(to, value)                                                                             \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_K, (to), 0, 0, (value)                                   \
	}
#define ADD(to, value)                                                                             \
	{                                                                                          \
		BPF_ALU64 | BPF_ADD | BPF_K, (to), 0, 0, (value)                                   \
	}

/* Replaces the address of the call by what the map has for it. */
static int load_program(int map, enum bpf_attach_type type)
{
	enum {
		IP = offsetof(struct bpf_sock_addr, user_ip4),
		PORT = offsetof(struct bpf_sock_addr, user_port),
		KEY = -(int)sizeof(struct place),
	};
	const struct bpf_insn program[] = {
		MOVE(BPF_REG_6, BPF_REG_1),
		LOAD(BPF_REG_2, BPF_REG_6, IP),
		STORE(BPF_REG_10, KEY, BPF_REG_2),
		LOAD(BPF_REG_2, BPF_REG_6, PORT),
		STORE(BPF_REG_10, KEY + 4, BPF_REG_2),
		MOVE(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, KEY),
		/* BPF_IMM, 0 as BPF_LD is, goes without saying. */
		{BPF_LD | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map},
		{0, 0, 0, 0, 0}, /* the upper half of the address */
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem},
		{BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 4, 0},
		LOAD(BPF_REG_2, BPF_REG_0, 0),
		STORE(BPF_REG_6, IP, BPF_REG_2),
		LOAD(BPF_REG_2, BPF_REG_0, 4),
		STORE(BPF_REG_6, PORT, BPF_REG_2),
		SET(BPF_REG_0, 1), /* go on with the call */
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};
	static const char licence[] = "Apache-2.0";
	union bpf_attr load = {0};

	load.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
	load.expected_attach_type = type;
	load.insns = (uintptr_t)program;
	load.insn_cnt = ARRAY_SIZE(program);
	load.license = (uintptr_t)licence;
	return bpf_program_syscall(BPF_PROG_LOAD, &load);
}

static int make_map(void)
{
	union bpf_attr map = {0};

	map.map_type = BPF_MAP_TYPE_HASH;
	map.key_size = sizeof(struct place);
	map.value_size = sizeof(struct place);
	map.max_entries = MAX_PLACES;
	return bpf_program_syscall(BPF_MAP_CREATE, &map);
}

/* The kernel keeps the program as long as the group has it. */
static bool attach(int group, int map, enum bpf_attach_type type)
{
	union bpf_attr attach = {0};
	AUTO_CLOSE int program = load_program(map, type);

	attach.target_fd = (uint32_t)group;
	attach.attach_bpf_fd = (uint32_t)program;
	attach.attach_type = type;
	attach.attach_flags = BPF_F_ALLOW_MULTI; /* the fence of the metadata services is below */
	return program >= 0 && bpf_program_syscall(BPF_PROG_ATTACH, &attach) == 0;
}

bool service_redirect_start(struct error *err)
{
	AUTO_CLOSE int group = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (is_started)
		return true;
	if (map_fd < 0)
		map_fd = make_map();
	if (back_fd < 0)
		back_fd = make_map();
	is_started = group >= 0 && map_fd >= 0 && back_fd >= 0 &&
		     attach(group, map_fd, BPF_CGROUP_INET4_CONNECT) &&
		     attach(group, map_fd, BPF_CGROUP_UDP4_SENDMSG) &&
		     attach(group, back_fd, BPF_CGROUP_UDP4_RECVMSG);
	return is_started || error_set_errno(err, errno, "leading connections to services");
}

static bool lead(int map, const struct place *from, const struct place *to)
{
	union bpf_attr update = {0};

	update.map_fd = (uint32_t)map;
	update.key = (uintptr_t)from;
	update.value = (uintptr_t)to;
	return bpf_program_syscall(BPF_MAP_UPDATE_ELEM, &update) == 0;
}

bool service_redirect_add(const char *ip, uint16_t port, uint16_t to_port, struct error *err)
{
	struct place from = {.port = htons(port)};
	struct place to = {.ip = htonl(INADDR_LOOPBACK), .port = htons(to_port)};

	if (inet_pton(AF_INET, ip, &from.ip) != 1)
		return error_set(err, ERROR_INVALID, "'%s' is no IPv4 address", ip);
	return (lead(map_fd, &from, &to) && lead(back_fd, &to, &from)) ||
	       error_set_errno(err, errno, "leading %s:%u", ip, port);
}
