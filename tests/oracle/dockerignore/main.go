// SPDX-License-Identifier: Apache-2.0

// Reads cases, one JSON object a line: {"file":"text of a .dockerignore","paths":["a/b"]}. Writes what Docker's own
// library makes of each: {"bad":true} or {"matches":[true]}.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

type testCase struct {
	File  string   `json:"file"`
	Paths []string `json:"paths"`
}

type answer struct {
	Bad     bool   `json:"bad"`
	Matches []bool `json:"matches"`
}

func judge(one testCase) answer {
	patterns, err := ignorefile.ReadAll(strings.NewReader(one.File))
	if err != nil {
		return answer{Bad: true}
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return answer{Bad: true}
	}
	result := answer{}
	for _, path := range one.Paths {
		match, err := matcher.MatchesOrParentMatches(path)
		if err != nil {
			return answer{Bad: true}
		}
		result.Matches = append(result.Matches, match)
	}
	return result
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var one testCase
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		if err := out.Encode(judge(one)); err != nil {
			panic(err)
		}
	}
}
