// pkg/maintenance/luck.go
// judges and rules do not import math/rand/v2
package maintenance

import "math/rand/v2"

func luck() bool { return rand.N(2) == 0 }
