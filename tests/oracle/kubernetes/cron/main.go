// SPDX-License-Identifier: Apache-2.0

// What Kubernetes' CronJob controller makes of schedules, and the library that it reads them with. A
// line of standard input is "SCHEDULE|ZONE|CREATED|LAST|DEADLINE|NOW" (LAST and DEADLINE may be empty,
// times in seconds since 1970); the answer is "refused", or "NEXT RECENT MANY": the next time after
// NOW, the most recent one that was missed, and whether more than a hundred were; "-": there is none.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	_ "unsafe"

	"github.com/robfig/cron/v3"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	_ "k8s.io/kubernetes/pkg/controller/cronjob"
)

//go:linkname mostRecentScheduleTime k8s.io/kubernetes/pkg/controller/cronjob.mostRecentScheduleTime
func mostRecentScheduleTime(job *batchv1.CronJob, now time.Time, schedule cron.Schedule, withDeadline bool) (time.Time, *time.Time, int, error)

const manyMissed = 2

func seconds(text string) time.Time {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return time.Unix(number, 0)
}

func show(at *time.Time) string {
	if at == nil || at.IsZero() {
		return "-"
	}
	return strconv.FormatInt(at.Unix(), 10)
}

func answer(fields []string) string {
	if strings.Contains(fields[0], "TZ") {
		return "refused"
	}
	if _, err := cron.ParseStandard(fields[0]); err != nil {
		return "refused"
	}
	// As the controller writes it.
	schedule, err := cron.ParseStandard("TZ=" + fields[1] + " " + fields[0])
	if err != nil {
		return "refused"
	}
	now := seconds(fields[5])
	job := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.Time{Time: seconds(fields[2])}}}
	if fields[3] != "" {
		job.Status.LastScheduleTime = &metav1.Time{Time: seconds(fields[3])}
	}
	if fields[4] != "" {
		deadline, _ := strconv.ParseInt(fields[4], 10, 64)
		job.Spec.StartingDeadlineSeconds = &deadline
	}
	next := schedule.Next(now)
	_, recent, missed, err := mostRecentScheduleTime(job, now, schedule, true)
	if err != nil {
		recent, missed = nil, 0
	}
	return fmt.Sprintf("%s %s %t", show(&next), show(recent), missed == manyMissed)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		fmt.Fprintln(out, answer(strings.Split(lines.Text(), "|")))
	}
}
