// Bento with no more components than the benchmark asks for: building all of them takes long.
package main

import (
	"context"

	"github.com/warpstreamlabs/bento/public/service"

	_ "github.com/warpstreamlabs/bento/public/components/io"
	_ "github.com/warpstreamlabs/bento/public/components/kafka"
	_ "github.com/warpstreamlabs/bento/public/components/pure"
	_ "github.com/warpstreamlabs/bento/public/components/sql/base"

	_ "github.com/lib/pq"
)

func main() {
	service.RunCLI(context.Background())
}
