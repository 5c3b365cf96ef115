/** What both ends of a connection share. */
package dev.weft;
