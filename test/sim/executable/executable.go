// Package executable puts programs in place of real ones.
package executable

import (
	"os"
	"syscall"
)

// Write makes an executable file. A process that is forked while the file is open
// has it open for writing until it becomes another, and who starts the file in
// that moment is told "text file busy": nothing is forked meanwhile.
func Write(path, text string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, []byte(text), 0o700)
}
