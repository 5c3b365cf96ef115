/** The statistics of servers and topics as meters of Micrometer. */
@NullMarked
package dev.weft.micrometer;

import org.jspecify.annotations.NullMarked;
