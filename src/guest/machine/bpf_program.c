/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/bpf_program.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int bpf_program_syscall(enum bpf_cmd command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

void bpf_program_add(struct bpf_program *program, uint8_t code, uint8_t to, uint8_t from,
		     int16_t offset, int32_t value)
{
	const struct bpf_insn insn = {code, (uint8_t)(to & 15U), (uint8_t)(from & 15U), offset,
				      value};
	if (program->size < BPF_PROGRAM_MAX)
		program->insns[program->size] = insn;
	program->size++;
}

void bpf_program_move(struct bpf_program *program, uint8_t to, uint8_t from)
{
	bpf_program_add(program, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

void bpf_program_set(struct bpf_program *program, uint8_t to, int32_t value)
{
	bpf_program_add(program, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

void bpf_program_call(struct bpf_program *program, int32_t helper)
{
	bpf_program_add(program, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

/* A whole 64-bit value, or a map. (BPF_IMM is 0, as is BPF_K where something is added below.) */
void bpf_program_wide(struct bpf_program *program, uint8_t to, uint8_t kind, uint64_t value)
{
	bpf_program_add(program, BPF_LD | BPF_DW, to, kind, 0, (int32_t)(uint32_t)value);
	bpf_program_add(program, 0, 0, 0, 0, (int32_t)(uint32_t)(value >> 32));
}

void bpf_program_return(struct bpf_program *program, int32_t value)
{
	bpf_program_set(program, BPF_REG_0, value);
	bpf_program_add(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Goes to where it is asked who sends; the place is filled in by bpf_program_end_matches(). */
void bpf_program_match(struct bpf_program *program, uint8_t code, uint8_t reg, int32_t value)
{
	if (program->jump_count < BPF_PROGRAM_MAX)
		program->to_refusal[program->jump_count++] = program->size;
	bpf_program_add(program, code, reg, 0, 0, value);
}

/* From here on it is asked who sends. */
void bpf_program_end_matches(struct bpf_program *program)
{
	for (int i = 0; i < program->jump_count && program->size <= BPF_PROGRAM_MAX; i++) {
		struct bpf_insn *jump = &program->insns[program->to_refusal[i]];
		jump->off = (int16_t)(program->size - program->to_refusal[i] - 1);
	}
}

int bpf_program_load(const struct bpf_program *program, enum bpf_prog_type type,
		     enum bpf_attach_type attach)
{
	static const char licence[] = "Apache-2.0";
	union bpf_attr attributes = {0};
	if (program->size > BPF_PROGRAM_MAX) {
		errno = E2BIG;
		return -1;
	}
	attributes.prog_type = type;
	attributes.expected_attach_type = attach;
	attributes.insns = (uintptr_t)program->insns;
	attributes.insn_cnt = (uint32_t)program->size;
	attributes.license = (uintptr_t)licence;
	return bpf_program_syscall(BPF_PROG_LOAD, &attributes);
}
