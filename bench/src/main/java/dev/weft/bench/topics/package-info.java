/** Topics on several nodes: fault runs with real processes, and figures. */
@NullMarked
package dev.weft.bench.topics;

import org.jspecify.annotations.NullMarked;
