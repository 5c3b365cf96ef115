/** RFC 6455 §5 as pure functions over bytes: frames in, frames out, masking, UTF-8. */
@NullMarked
package dev.weft.parser;

import org.jspecify.annotations.NullMarked;
