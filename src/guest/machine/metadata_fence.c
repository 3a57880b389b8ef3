/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/metadata_fence.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/machine/bpf_program.h"

#define MAX_OPEN    1024 /* containers; those that were replaced stay in the map */
#define GROUP_LEVEL 1	 /* of /i2kit, from the root; a container's is one below */

/* AWS, GCE, OpenStack, Azure, DigitalOcean, Hetzner and others share the first one. */
static const char *const addresses4[] = {
	"169.254.169.254", "169.254.170.2",   /* AWS: credentials of tasks */
	"169.254.170.23",		      /* AWS: identities of EKS' pods */
	"168.63.129.16",		      /* Azure's agent */
	"169.254.42.42",   "100.100.100.200", /* Scaleway, Alibaba */
	"169.254.0.23",	   "192.0.0.192",     /* Tencent, Oracle */
};
static const char *const addresses6[] = {
	"fd00:ec2::254",      "fd00:ec2::23", /* AWS: instances, EKS' pods */
	"fe80::a9fe:a9fe",		      /* OpenStack */
	"fd20:ce::254",			      /* GCE */
	"fd00:c1::a9fe:a9fe",		      /* Oracle */
	"fd00:42::42",			      /* Scaleway */
};

/* Live as long as the guest does. */
static int open_map = -1; /* ids of the groups that may pass */
static uint64_t group_id; /* of all containers */

/* `size` bytes of the packet from `at` on, to the stack; zeros where it is shorter. */
static void add_load(struct bpf_program *program, int32_t at, int32_t size)
{
	bpf_program_move(program, BPF_REG_1, BPF_REG_6);
	bpf_program_set(program, BPF_REG_2, at);
	bpf_program_move(program, BPF_REG_3, BPF_REG_10);
	bpf_program_add(program, BPF_ALU64 | BPF_ADD, BPF_REG_3, 0, 0, -16);
	bpf_program_set(program, BPF_REG_4, size);
	bpf_program_call(program, BPF_FUNC_skb_load_bytes);
}

static uint32_t word_of(const unsigned char *bytes)
{
	uint32_t word = 0;
	memcpy(&word, bytes, sizeof(word)); /* as the program loads it */
	return word;
}

static void add_addresses4(struct bpf_program *program)
{
	bpf_program_add(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_10, -16, 0);
	for (size_t i = 0; i < sizeof(addresses4) / sizeof(addresses4[0]); i++) {
		unsigned char bytes[4];
		if (inet_pton(AF_INET, addresses4[i], bytes) == 1)
			bpf_program_match(program, BPF_JMP32 | BPF_JEQ | BPF_K, BPF_REG_1,
					  (int32_t)word_of(bytes));
	}
}

static void add_addresses6(struct bpf_program *program)
{
	for (int16_t word = 0; word < 4; word++)
		bpf_program_add(program, BPF_LDX | BPF_MEM | BPF_W, (uint8_t)(BPF_REG_1 + word),
				BPF_REG_10, (int16_t)(-16 + 4 * word), 0);
	for (size_t i = 0; i < sizeof(addresses6) / sizeof(addresses6[0]); i++) {
		unsigned char bytes[16];
		if (inet_pton(AF_INET6, addresses6[i], bytes) != 1)
			continue;
		for (int16_t word = 0; word < 3; word++)
			bpf_program_add(program, BPF_JMP32 | BPF_JNE | BPF_K,
					(uint8_t)(BPF_REG_1 + word), 0, (int16_t)(3 - word),
					(int32_t)word_of(bytes + 4 * word));
		bpf_program_match(program, BPF_JMP32 | BPF_JEQ | BPF_K, BPF_REG_4,
				  (int32_t)word_of(bytes + 12));
	}
}

/* Passes where the group in register 0, the container's, is in the map; else it is refused. */
static void add_judgement(struct bpf_program *program, int32_t pass, int32_t refuse)
{
	bpf_program_add(program, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_0, -8, 0);
	bpf_program_wide(program, BPF_REG_1, BPF_PSEUDO_MAP_FD, (uint64_t)open_map);
	bpf_program_move(program, BPF_REG_2, BPF_REG_10);
	bpf_program_add(program, BPF_ALU64 | BPF_ADD, BPF_REG_2, 0, 0, -8);
	bpf_program_call(program, BPF_FUNC_map_lookup_elem);
	bpf_program_add(program, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0);
	bpf_program_return(program, pass);
	bpf_program_return(program, refuse);
}

/* The container's group of the packet's socket, to register 0. */
static void add_group_of_packet(struct bpf_program *program)
{
	bpf_program_move(program, BPF_REG_1, BPF_REG_6);
	bpf_program_set(program, BPF_REG_2, GROUP_LEVEL + 1);
	bpf_program_call(program, BPF_FUNC_skb_ancestor_cgroup_id);
}

/* --- IP packets of the containers' groups --------------------------------------------------- */

/* The packet begins with its IP header; its address is there. 1: it goes on. */
static int load_for_packets(enum bpf_attach_type attach, int32_t address4, int32_t address6)
{
	struct bpf_program program = {.size = 0};
	int place = 0;
	bpf_program_move(&program, BPF_REG_6, BPF_REG_1);
	bpf_program_add(&program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_7, BPF_REG_6,
			(int16_t)offsetof(struct __sk_buff, protocol), 0);
	place = program.size;
	bpf_program_add(&program, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_7, 0, 0, htons(ETH_P_IP));
	add_load(&program, address4, 4);
	add_addresses4(&program);
	program.insns[place].off = (int16_t)(program.size - place - 1);
	place = program.size;
	bpf_program_add(&program, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_7, 0, 0, htons(ETH_P_IPV6));
	add_load(&program, address6, 16);
	add_addresses6(&program);
	program.insns[place].off = (int16_t)(program.size - place - 1);
	bpf_program_return(&program, 1);
	bpf_program_end_matches(&program);
	add_group_of_packet(&program);
	add_judgement(&program, 1, 0);
	return bpf_program_load(&program, BPF_PROG_TYPE_CGROUP_SKB, attach);
}

static int load_for_sending(void)
{
	return load_for_packets(BPF_CGROUP_INET_EGRESS, 16, 24);
}

/* What comes from there is for the guest: a raw socket would get a copy of it. */
static int load_for_receiving(void)
{
	return load_for_packets(BPF_CGROUP_INET_INGRESS, 12, 8);
}

/* --- connect(2) ------------------------------------------------------------------------------ */

/* Word `number` of the address that is called, to the stack. */
static void add_word(struct bpf_program *program, int first, int number)
{
	bpf_program_add(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_6,
			(int16_t)(first + 4 * number), 0);
	bpf_program_add(program, BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_1,
			(int16_t)(-16 + 4 * number), 0);
}

/* After add_addresses6(): an IPv4 address that was mapped into IPv6, ::ffff:169.254.169.254. */
static void add_mapped(struct bpf_program *program)
{
	const int32_t words[] = {0, 0, (int32_t)htonl(0xffff)};
	int places[3];
	for (int i = 0; i < 3; i++) {
		places[i] = program->size;
		bpf_program_add(program, BPF_JMP32 | BPF_JNE | BPF_K, (uint8_t)(BPF_REG_1 + i), 0,
				0, words[i]);
	}
	bpf_program_add(program, BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_4, -16, 0);
	add_addresses4(program);
	for (int i = 0; i < 3; i++)
		program->insns[places[i]].off = (int16_t)(program->size - places[i] - 1);
}

/*
 * A packet that is refused is lost to TCP, which sends it again for two minutes. So the call itself
 * is refused, with EPERM; the caller's group is asked for, since there is no packet yet.
 */
static int load_for_connect(enum bpf_attach_type attach)
{
	struct bpf_program program = {.size = 0};
	bool is_six = attach == BPF_CGROUP_INET6_CONNECT;
	int first = is_six ? (int)offsetof(struct bpf_sock_addr, user_ip6)
			   : (int)offsetof(struct bpf_sock_addr, user_ip4);
	bpf_program_move(&program, BPF_REG_6, BPF_REG_1);
	for (int i = 0; i < (is_six ? 4 : 1); i++)
		add_word(&program, first, i);
	if (is_six) {
		add_addresses6(&program);
		add_mapped(&program);
	} else {
		add_addresses4(&program);
	}
	bpf_program_return(&program, 1);
	bpf_program_end_matches(&program);
	bpf_program_set(&program, BPF_REG_1, GROUP_LEVEL + 1);
	bpf_program_call(&program, BPF_FUNC_get_current_ancestor_cgroup_id);
	add_judgement(&program, 1, 0);
	return bpf_program_load(&program, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attach);
}

static int load_for_connect4(void)
{
	return load_for_connect(BPF_CGROUP_INET4_CONNECT);
}

static int load_for_connect6(void)
{
	return load_for_connect(BPF_CGROUP_INET6_CONNECT);
}

/* --- in force -------------------------------------------------------------------------------- */

static bool attach(int group, enum bpf_attach_type type, int (*load)(void), struct error *err)
{
	union bpf_attr attach = {0};
	AUTO_CLOSE int program = load();
	attach.target_fd = (uint32_t)group;
	attach.attach_bpf_fd = (uint32_t)program;
	attach.attach_type = type;
	/* With others above and below it: connections to services are led at the root, and a Docker
	   in a container has some of its own. */
	attach.attach_flags = BPF_F_ALLOW_MULTI;
	if (program < 0 || bpf_program_syscall(BPF_PROG_ATTACH, &attach) != 0)
		return error_set_errno(err, errno, "keeping containers off metadata services");
	return true;
}

static bool make_map(struct error *err)
{
	union bpf_attr map = {0};
	map.map_type = BPF_MAP_TYPE_HASH;
	map.key_size = sizeof(uint64_t);
	map.value_size = 1;
	map.max_entries = MAX_OPEN;
	if (open_map < 0)
		open_map = bpf_program_syscall(BPF_MAP_CREATE, &map);
	return open_map >= 0 || error_set_errno(err, errno, "a map of control groups");
}

/* A control group's id is its folder's inode. */
static bool find_id(int folder, uint64_t *ret, struct error *err)
{
	struct stat status;
	if (fstat(folder, &status) < 0)
		return error_set_errno(err, errno, "a control group");
	*ret = status.st_ino;
	return true;
}

bool metadata_fence_start(const char *path, struct error *err)
{
	AUTO_CLOSE int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group < 0)
		return error_set_errno(err, errno, "%s", path);
	if (group_id != 0)
		return true;
	return make_map(err) && attach(group, BPF_CGROUP_INET_EGRESS, load_for_sending, err) &&
	       attach(group, BPF_CGROUP_INET_INGRESS, load_for_receiving, err) &&
	       attach(group, BPF_CGROUP_INET4_CONNECT, load_for_connect4, err) &&
	       attach(group, BPF_CGROUP_INET6_CONNECT, load_for_connect6, err) &&
	       find_id(group, &group_id, err);
}

bool metadata_fence_open(const char *path, struct error *err)
{
	static const uint8_t yes = 1;
	union bpf_attr update = {0};
	uint64_t id = 0;
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return error_set_errno(err, errno, "%s", path);
	AUTO_CLOSE int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || !find_id(folder, &id, err))
		return error_set_errno(err, errno, "%s", path);
	update.map_fd = (uint32_t)open_map;
	update.key = (uintptr_t)&id;
	update.value = (uintptr_t)&yes;
	return bpf_program_syscall(BPF_MAP_UPDATE_ELEM, &update) == 0 ||
	       error_set_errno(err, errno, "the way to metadata services");
}

/* --- frames --------------------------------------------------------------------------------- */

/*
 * Of the containers and of nobody: what is forwarded and what has lost its socket. A frame with
 * tags before its IP header is of no use here but to hide behind.
 */
static int load_for_frames(void)
{
	static const uint16_t tags[] = {ETH_P_8021Q, ETH_P_8021AD, ETH_P_MPLS_UC, ETH_P_MPLS_MC};
	struct bpf_program program = {.size = 0};
	int place = 0;
	bpf_program_move(&program, BPF_REG_6, BPF_REG_1);
	add_load(&program, 12, 2);
	bpf_program_add(&program, BPF_LDX | BPF_MEM | BPF_H, BPF_REG_7, BPF_REG_10, -16, 0);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		bpf_program_match(&program, BPF_JMP32 | BPF_JEQ | BPF_K, BPF_REG_7, htons(tags[i]));
	place = program.size;
	bpf_program_add(&program, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_7, 0, 0, htons(ETH_P_IP));
	add_load(&program, ETH_HLEN + 16, 4);
	add_addresses4(&program);
	program.insns[place].off = (int16_t)(program.size - place - 1);
	place = program.size;
	bpf_program_add(&program, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_7, 0, 0, htons(ETH_P_IPV6));
	add_load(&program, ETH_HLEN + 24, 16);
	add_addresses6(&program);
	program.insns[place].off = (int16_t)(program.size - place - 1);
	bpf_program_return(&program, TC_ACT_OK);
	bpf_program_end_matches(&program);
	/* Whose is it? Nobody's: refused. Of no container: it passes. */
	bpf_program_move(&program, BPF_REG_1, BPF_REG_6);
	bpf_program_call(&program, BPF_FUNC_skb_cgroup_id);
	bpf_program_add(&program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 2, 0);
	bpf_program_return(&program, TC_ACT_SHOT);
	bpf_program_move(&program, BPF_REG_1, BPF_REG_6);
	bpf_program_set(&program, BPF_REG_2, GROUP_LEVEL);
	bpf_program_call(&program, BPF_FUNC_skb_ancestor_cgroup_id);
	bpf_program_wide(&program, BPF_REG_1, 0, group_id);
	bpf_program_add(&program, BPF_JMP | BPF_JEQ | BPF_X, BPF_REG_0, BPF_REG_1, 2, 0);
	bpf_program_return(&program, TC_ACT_OK);
	add_group_of_packet(&program);
	add_judgement(&program, TC_ACT_OK, TC_ACT_SHOT);
	return bpf_program_load(&program, BPF_PROG_TYPE_SCHED_CLS, 0);
}

/* A message of rtnetlink(7) for traffic control. */
struct request {
	struct nlmsghdr head;
	struct tcmsg place;
	_Alignas(NLMSG_ALIGNTO) unsigned char attributes[256];
};

static void put(struct request *request, unsigned short type, const void *value, size_t size)
{
	const struct rtattr head = {.rta_len = (unsigned short)(sizeof(head) + size),
				    .rta_type = type};
	unsigned char *at =
		request->attributes + request->head.nlmsg_len - NLMSG_LENGTH(sizeof(struct tcmsg));
	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), value, size);
	request->head.nlmsg_len += (uint32_t)RTA_SPACE(size);
}

static struct request begin(unsigned short type, unsigned index, uint32_t parent)
{
	return (struct request){
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			 .nlmsg_type = type,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
			 .nlmsg_seq = 1},
		.place = {
			.tcm_family = AF_UNSPEC, .tcm_ifindex = (int)index, .tcm_parent = parent}};
}

static bool talk(const struct request *request, const char *what, struct error *err)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr answer;
		unsigned char rest[2048];
	} reply = {0};
	AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || send(fd, request, request->head.nlmsg_len, 0) < 0 ||
	    recv(fd, &reply, sizeof(reply), 0) < 0)
		return error_set_errno(err, errno, "%s", what);
	if (reply.head.nlmsg_type != NLMSG_ERROR)
		return error_set(err, ERROR_SYSTEM, "%s: the kernel gave no answer", what);
	return reply.answer.error == 0 || reply.answer.error == -EEXIST ||
	       error_set_errno(err, -reply.answer.error, "%s", what);
}

static bool add_queue(unsigned index, struct error *err)
{
	struct request request = begin(RTM_NEWQDISC, index, TC_H_CLSACT);
	request.place.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	put(&request, TCA_KIND, "clsact", sizeof("clsact"));
	return talk(&request, "a place for a filter of frames", err);
}

static bool add_filter(unsigned index, int program, struct error *err)
{
	struct request request =
		begin(RTM_NEWTFILTER, index, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
	const uint32_t number = (uint32_t)program;
	const uint32_t flags = TCA_BPF_FLAG_ACT_DIRECT;
	struct {
		struct rtattr program_head;
		uint32_t program;
		struct rtattr flags_head;
		uint32_t flags;
	} options = {{RTA_LENGTH(sizeof(number)), TCA_BPF_FD},
		     number,
		     {RTA_LENGTH(sizeof(flags)), TCA_BPF_FLAGS},
		     flags};
	request.place.tcm_handle = 1;
	request.place.tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL));
	put(&request, TCA_KIND, "bpf", sizeof("bpf"));
	put(&request, TCA_OPTIONS, &options, sizeof(options));
	return talk(&request, "a filter of frames", err);
}

bool metadata_fence_guard(const char *interface, struct error *err)
{
	unsigned index = if_nametoindex(interface);
	AUTO_CLOSE int program = load_for_frames();
	if (index == 0 || program < 0)
		return error_set_errno(err, errno, "keeping frames off metadata services");
	return add_queue(index, err) && add_filter(index, program, err);
}
