/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_BPF_PROGRAM_H
#define I2KIT_GUEST_MACHINE_BPF_PROGRAM_H

/* A small BPF program, written instruction by instruction. What is too long for it is found out by
 * bpf_program_load(). Codes, helpers and kinds are those of linux/bpf.h. */

#include <linux/bpf.h>
#include <stdint.h>

#define BPF_PROGRAM_MAX 512

struct bpf_program {
	struct bpf_insn insns[BPF_PROGRAM_MAX];
	int size;
	int to_refusal[BPF_PROGRAM_MAX]; /* jumps whose target is not known yet */
	int jump_count;
};

/* bpf(2): -1 and errno. */
int bpf_program_syscall(enum bpf_cmd command, union bpf_attr *attributes);

void bpf_program_add(struct bpf_program *program, uint8_t code, uint8_t to, uint8_t from,
		     int16_t offset, int32_t value);
void bpf_program_move(struct bpf_program *program, uint8_t to, uint8_t from);
void bpf_program_set(struct bpf_program *program, uint8_t to, int32_t value);
/* Of a helper: BPF_FUNC_…. */
void bpf_program_call(struct bpf_program *program, int32_t helper);
void bpf_program_wide(struct bpf_program *program, uint8_t to, uint8_t kind, uint64_t value);
void bpf_program_return(struct bpf_program *program, int32_t value);
/* A jump to where bpf_program_end_matches() is called. */
void bpf_program_match(struct bpf_program *program, uint8_t code, uint8_t reg, int32_t value);
void bpf_program_end_matches(struct bpf_program *program);

/* The program's descriptor; -1 and errno. */
int bpf_program_load(const struct bpf_program *program, enum bpf_prog_type type,
		     enum bpf_attach_type attach);

#endif
