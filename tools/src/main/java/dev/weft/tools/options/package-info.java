/** What options of several programs mean. */
package dev.weft.tools.options;
