// pkg/attic/attic.go
// pkg/attic stands in no table
package attic
